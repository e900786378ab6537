import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { perplexity } from "@concord/alignment/scoring";
import { key } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import type { LanguageModel } from "@concord/learning";
import { generate, llamaReader, readLlama2c, readLlama2cTokenizer } from "@concord/learning";
import type { Candidate } from "./base-model.ts";
import type { LocalFiles, LocalReply, LocalRequest } from "./local-messages.ts";

/** The thread of a local model: requests come in, candidates and rewards go out, and the server's event loop stays free. */
const files = workerData as LocalFiles;
const stops = new Map<number, AbortController>();
const model = await load();

if (model !== undefined) {
  parentPort?.on("message", (request: LocalRequest) => {
    if (request.kind === "stop") stops.get(request.id)?.abort();
    else void handle(model, request);
  });
  reply({ kind: "ready" });
}

async function load(): Promise<LanguageModel | undefined> {
  let field: "model" | "tokenizer" = "model";
  try {
    const llama = readLlama2c(await readFile(files.model));
    field = "tokenizer";
    const tokenizer = readLlama2cTokenizer(await readFile(files.tokenizer), llama.size.vocabulary);
    return { name: files.name, tokenizer, context: llama.size.context, open: llamaReader(await engineFor(), llama) };
  } catch (error) {
    reply({ kind: "unusable", field, message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

async function handle(model: LanguageModel, request: Exclude<LocalRequest, { kind: "stop" }>): Promise<void> {
  const { id } = request;
  const stop = new AbortController();
  stops.set(id, stop);
  try {
    if (request.kind === "complete") {
      reply({ kind: "completed", id, candidates: await draw(model, request, stop.signal) });
    } else {
      reply({ kind: "scored", id, rewards: await perplexity(model).score(request.answers, stop.signal) });
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply({ kind: "failed", id, message, asker: error instanceof RangeError });
  } finally {
    stops.delete(id);
  }
}

async function draw(
  model: LanguageModel,
  { prompt, count, sampling, seed }: Extract<LocalRequest, { kind: "complete" }>,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const promptTokens = 1 + model.tokenizer.encode(prompt).length;
  const drawn = await generate(model, { prompt, count, ...sampling, key: key(seed), signal });
  return drawn.map(({ text, tokens, finish }) => ({ text, finish, promptTokens, completionTokens: tokens.length }));
}

function reply(message: LocalReply): void {
  parentPort?.postMessage(message);
}
