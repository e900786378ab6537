import { key, rng, split } from "@concord/engine";
import { z } from "zod";
import type { BaseModel, Candidate, Drawing, Input } from "./base-model.ts";
import { PostError, type Poster, poster } from "./post-json.ts";
import { turns } from "./turns.ts";

export interface OpenAiBase {
  readonly name: string;
  /** Of the API, such as `https://api.example/v1`. */
  readonly url: string;
  /** As the endpoint calls it. */
  readonly model: string;
  readonly key?: string | undefined;
  /** Requests to it that run at the same time. */
  readonly parallel: number;
  /** For each candidate, from the moment at which it is asked for. */
  readonly timeoutSeconds: number;
  /** False for endpoints that refuse the field `seed`. Default true. */
  readonly seeds?: boolean | undefined;
  /** What the endpoint calls the most tokens of an answer. Default `max_tokens`. */
  readonly lengthField?: "max_tokens" | "max_completion_tokens" | undefined;
}

/** An answer of more bytes is no answer. */
const MOST_BYTES = 8 * 1024 * 1024;

const tokens = z.int().min(0).catch(0);
const usage = z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish();
const finish = z.string().nullish();
const answerSchema = z.object({
  choices: z
    .array(
      z.union([
        z.object({ message: z.object({ content: z.string() }), finish_reason: finish }),
        z.object({ text: z.string(), finish_reason: finish }),
      ]),
    )
    .min(1),
  usage,
});

/** Something that went wrong at the other end, in words that may be shown to anybody. */
class UpstreamError extends Error {
  override readonly name = "UpstreamError";
}

/**
 * Any endpoint that speaks OpenAI's API. A candidate is a request of its own (n = 1), so that slow and failed ones cost
 * nobody else. Redirects are not followed: they could lead keys and prompts anywhere.
 */
export function openAiBase(options: OpenAiBase): BaseModel {
  const { name, timeoutSeconds, parallel } = options;
  const inTurn = turns(parallel);
  const wire = poster(parallel);
  return {
    name,
    async complete({ input, count, sampling, seed, signal }) {
      const asked = Array.from({ length: count }, (_, i) => {
        const body = bodyOf(options, input, sampling, rng(split(key(seed), "candidate", i)).below(2 ** 31));
        return inTurn.take(() => ask(wire, options, input.kind, body, signal), signal);
      });
      const settled = await Promise.allSettled(asked);
      return {
        candidates: settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
        problems: settled.flatMap((one) => (one.status === "rejected" ? [explain(one.reason, timeoutSeconds)] : [])),
      };
    },
    close: async () => wire.close(),
  };
}

async function ask(
  wire: Poster,
  { url, key, timeoutSeconds }: OpenAiBase,
  kind: Input["kind"],
  body: string,
  signal: AbortSignal,
): Promise<Candidate> {
  const { status, text } = await wire.post({
    url: new URL(`${url}${kind === "chat" ? "/chat/completions" : "/completions"}`),
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body,
    timeoutMs: 1000 * timeoutSeconds,
    mostBytes: MOST_BYTES,
    signal,
  });
  if (status >= 300 && status < 400) throw new UpstreamError("it redirects, which is not followed");
  // What an error says may hold addresses, prompts and keys; its number is enough.
  if (status < 200 || status >= 300) throw new UpstreamError(`it answered with the status ${status}`);
  return candidateOf(text);
}

function bodyOf(
  { model, seeds = true, lengthField = "max_tokens" }: OpenAiBase,
  input: Input,
  { temperature, topP, maxTokens }: Drawing["sampling"],
  seed: number,
): string {
  const said = input.kind === "chat" ? { messages: input.messages } : { prompt: input.prompt };
  return JSON.stringify({
    model,
    ...said,
    n: 1,
    temperature,
    top_p: topP,
    [lengthField]: maxTokens,
    ...(seeds && { seed }),
  });
}

function candidateOf(text: string): Candidate {
  const parsed = answerSchema.safeParse(jsonOf(text));
  const choice = parsed.data?.choices[0];
  if (choice === undefined) throw new UpstreamError("it answered with something that is no completion");
  return {
    text: "text" in choice ? choice.text : choice.message.content,
    finish: choice.finish_reason === "length" ? "length" : "stop",
    promptTokens: parsed.data?.usage?.prompt_tokens ?? 0,
    completionTokens: parsed.data?.usage?.completion_tokens ?? 0,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Errors of the network name hosts and ports, so that only what they mean is passed on. */
function explain(reason: unknown, timeoutSeconds: number): string {
  if (reason instanceof UpstreamError) return reason.message;
  switch (reason instanceof PostError ? reason.why : "given up") {
    case "timeout":
      return `it did not answer within ${timeoutSeconds} s`;
    case "too large":
      return `it answered with more than ${MOST_BYTES} bytes`;
    case "unreachable":
      return "it could not be reached";
    case "given up":
      return "nobody waits for it any more";
  }
}
