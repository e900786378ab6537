import { Worker } from "node:worker_threads";
import type { Answer } from "@concord/alignment/scoring";
import { refuseTelemetry } from "@concord/engine/node";
import { ConcordError } from "@concord/protocol";
import type { BaseModel } from "./base-model.ts";
import { promptOf } from "./base-model.ts";
import type { LocalFiles, LocalReply, LocalRequest } from "./local-messages.ts";

export interface LocalBaseOptions extends LocalFiles {
  /** For all candidates of a question together. */
  readonly timeoutSeconds: number;
}

/** A model that runs here, in a thread of its own. */
export interface LocalBase extends BaseModel {
  /** Minus the mean negative log probability of the tokens of each prompt and answer. */
  perplexity(answers: readonly Answer[], signal: AbortSignal | undefined): Promise<readonly number[]>;
}

interface Waiting {
  readonly resolve: (reply: LocalReply) => void;
  readonly reject: (error: Error) => void;
}

type Unnumbered<T> = T extends unknown ? Omit<T, "id"> : never;

/**
 * Loads a llama2.c model in a thread. It has no template for conversations: a chat is continued as plain text, its
 * messages line by line. Throws ConcordError `invalid_argument`, with the field as `param`, for files that are no model.
 */
export async function localBase({ timeoutSeconds, ...files }: LocalBaseOptions): Promise<LocalBase> {
  refuseTelemetry();
  const worker = new Worker(new URL("./local-worker.ts", import.meta.url), { workerData: files });
  // The server decides when the process ends, and a model that nobody asks must not keep it.
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let gone: Error | undefined;

  const ready = Promise.withResolvers<void>();
  worker.on("message", (message: LocalReply) => {
    if (message.kind === "ready") return ready.resolve();
    if (message.kind === "unusable") {
      const what = `${message.field}: ${message.message}`;
      return ready.reject(new ConcordError("invalid_argument", what, { param: message.field }));
    }
    waiting.get(message.id)?.resolve(message);
    waiting.delete(message.id);
  });
  const end = (error: Error) => {
    gone ??= error;
    ready.reject(gone);
    for (const { reject } of waiting.values()) reject(gone);
    waiting.clear();
  };
  worker.on("error", end);
  worker.on("exit", () => end(new Error("the local model has stopped")));
  try {
    await ready.promise;
  } catch (error) {
    await worker.terminate();
    throw error;
  }

  async function ask(request: Unnumbered<Exclude<LocalRequest, { kind: "stop" }>>, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    if (gone !== undefined) throw gone;
    const id = ++last;
    const stop = () => worker.postMessage({ kind: "stop", id } satisfies LocalRequest);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      return await new Promise<LocalReply>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ ...request, id } satisfies LocalRequest);
      });
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  return {
    name: files.name,
    async complete({ input, count, sampling, seed, signal }) {
      const timeout = AbortSignal.timeout(1000 * timeoutSeconds);
      const prompt = promptOf(input);
      const none = (problem: string) => ({ candidates: [], problems: Array(count).fill(problem) as string[] });
      try {
        const ending = AbortSignal.any([signal, timeout]);
        const answer = await ask({ kind: "complete", prompt, count, sampling, seed }, ending);
        if (answer.kind === "completed") return { candidates: answer.candidates, problems: [] };
        if (answer.kind === "failed" && answer.asker && !ending.aborted) {
          const param = input.kind === "chat" ? "messages" : "prompt";
          throw new ConcordError("invalid_argument", `${param}: ${answer.message}`, { param });
        }
      } catch (error) {
        if (error instanceof ConcordError) throw error;
        if (!signal.aborted && !timeout.aborted) return none("the local model has stopped");
      }
      return none(timeout.aborted ? `it did not answer within ${timeoutSeconds} s` : "the local model failed");
    },
    async perplexity(answers, signal) {
      const answer = await ask({ kind: "perplexity", answers }, signal);
      if (answer.kind === "scored") return answer.rewards;
      throw new Error(answer.kind === "failed" ? answer.message : "the local model failed");
    },
    async close() {
      await worker.terminate();
    },
  };
}
