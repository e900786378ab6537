import type { Key } from "@concord/engine";
import { rng, split } from "@concord/engine";
import type { Reading } from "./reader.ts";
import type { Sampling } from "./sampling.ts";
import { checkSampling, drawToken, logProbability } from "./sampling.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A model that reads tokens, with the tokenizer that it was trained with. */
export interface LanguageModel {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly context: number;
  open(batch: number): Reading;
}

export interface GenerationRequest extends Sampling {
  readonly prompt: string;
  /** Answers to draw, independently. */
  readonly count: number;
  /** Most tokens of an answer. */
  readonly maxTokens: number;
  /** Answer i is drawn from the stream of (key, i). */
  readonly key: Key;
  readonly signal?: AbortSignal | undefined;
}

export interface GeneratedText {
  readonly text: string;
  /** Without the token that ends it. */
  readonly tokens: readonly number[];
  /** Σ log p over the answer's tokens, its end included, at temperature 1 and without truncation; natural logarithm. */
  readonly logProbability: number;
  /** "length" if it was cut at `maxTokens` or at the end of the context. */
  readonly finish: "stop" | "length";
}

/**
 * Draws answers to a prompt, side by side. An answer is a function of (model, prompt, sampling, key, its number) and does
 * not depend on how many others are drawn, up to float32 rounding.
 * Throws RangeError for a prompt that leaves no room in the context or settings out of range; rejects with the signal's reason.
 */
export async function generate(model: LanguageModel, request: GenerationRequest): Promise<GeneratedText[]> {
  const { prompt, count, maxTokens, key, signal } = request;
  checkSampling(request);
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`count must be a whole number ≥ 1, got ${count}`);
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1)
    throw new RangeError(`maxTokens must be a whole number ≥ 1, got ${maxTokens}`);
  const { tokenizer } = model;
  const begun = await readPrompt(model, [tokenizer.begin, ...tokenizer.encode(prompt)], signal);
  const reading = begun.reading.branch(count);
  const answers = Array.from({ length: count }, (_, i) => ({
    random: rng(split(key, i)),
    tokens: [] as number[],
    logProbability: 0,
    finish: undefined as GeneratedText["finish"] | undefined,
  }));
  let logits: readonly Float32Array[] = answers.map(() => begun.logits);
  for (let step = 0; step < maxTokens; step++) {
    signal?.throwIfAborted();
    answers.forEach((answer, i) => {
      if (answer.finish !== undefined) return;
      const row = logits[i] as Float32Array;
      const token = drawToken(row, request, answer.random);
      answer.logProbability += logProbability(row, token);
      if (tokenizer.ends.includes(token)) answer.finish = "stop";
      else answer.tokens.push(token);
    });
    const over = answers.every(({ finish }) => finish !== undefined);
    if (over || step + 1 === maxTokens || reading.position >= model.context) break;
    // Whoever has ended reads on with the rest; nobody looks at what it says.
    logits = await reading.read(
      answers.map(({ tokens, finish }) => (finish ? tokenizer.begin : (tokens.at(-1) ?? tokenizer.begin))),
    );
  }
  return answers.map(({ tokens, logProbability: sum, finish = "length" }) => ({
    // What begins a text has no space before its first word.
    text: tokenizer.decode(prompt === "" ? [tokenizer.begin, ...tokens] : tokens),
    tokens,
    logProbability: sum,
    finish,
  }));
}

/**
 * Mean negative log probability of the tokens of each text, in nats; its exponential is the perplexity. A text of more
 * tokens than the context is judged by those that fit. An empty text gives 0.
 */
export async function meanNegativeLogLikelihood(
  model: LanguageModel,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<number[]> {
  if (texts.length === 0) return [];
  const { tokenizer, context } = model;
  const tokens = texts.map((text) => tokenizer.encode(text).slice(0, context));
  const longest = Math.max(...tokens.map(({ length }) => length));
  const reading = model.open(texts.length);
  const sums = tokens.map(() => 0);
  for (let at = 0; at < longest; at++) {
    signal?.throwIfAborted();
    const rows = await reading.read(
      tokens.map((text) => (at === 0 ? tokenizer.begin : (text[at - 1] ?? tokenizer.begin))),
    );
    tokens.forEach((text, i) => {
      const token = text[at];
      if (token !== undefined) sums[i] = (sums[i] as number) - logProbability(rows[i] as Float32Array, token);
    });
  }
  return tokens.map(({ length }, i) => (length === 0 ? 0 : (sums[i] as number) / length));
}

async function readPrompt(model: LanguageModel, tokens: readonly number[], signal: AbortSignal | undefined) {
  if (tokens.length > model.context) {
    throw new RangeError(`the prompt has ${tokens.length} tokens, the context holds ${model.context}`);
  }
  const reading = model.open(1);
  let logits = new Float32Array();
  for (const token of tokens) {
    signal?.throwIfAborted();
    logits = new Float32Array((await reading.read([token]))[0] ?? []);
  }
  return { reading, logits };
}
