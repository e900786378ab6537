import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../tensor.ts";
import type { Session } from "./session.ts";

/** What the process is told. */
export type Request =
  | { readonly kind: "open"; readonly bytes: Uint8Array; readonly intraOpThreads: number }
  | { readonly kind: "run"; readonly inputs: readonly (readonly [name: string, tensor: Tensor])[] };

/** What it answers to each request, in order. */
export type Answer =
  | { readonly kind: "done"; readonly outputs: readonly (readonly [name: string, tensor: Tensor])[] }
  | { readonly kind: "failed"; readonly message: string };

const CHILD = fileURLToPath(new URL("./isolated-session.child.node.ts", import.meta.url));

/**
 * Opens a model in a process of its own: for programs that somebody else wrote. An aborted run ends at once, whatever the
 * runtime is doing, because the process is killed; the session is of no use afterwards. So does a crash of the runtime: it
 * fails the run, and not the party. The process has no environment variables and no terminal.
 */
export async function isolatedSession(bytes: Uint8Array, intraOpThreads = 1): Promise<Session> {
  const child = fork(CHILD, [], {
    serialization: "advanced",
    env: {},
    execArgv: [],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const waiting: PromiseWithResolvers<Answer>[] = [];
  let end: Error | undefined;
  const over = (error: Error) => {
    end ??= error;
    for (const answer of waiting.splice(0)) answer.reject(end);
  };
  child.on("message", (answer) => waiting.shift()?.resolve(answer as Answer));
  child.once("error", over);
  child.once("exit", (code, signal) => over(new Error(`the process of the program has ended (${signal ?? code})`)));
  restful(child);

  async function ask(request: Request): Promise<Map<string, Tensor>> {
    if (end !== undefined) throw end;
    const answer = Promise.withResolvers<Answer>();
    waiting.push(answer);
    child.ref();
    child.channel?.ref();
    child.send(request);
    try {
      const given = await answer.promise;
      if (given.kind === "failed") throw new Error(given.message);
      return new Map(given.outputs);
    } finally {
      if (waiting.length === 0) restful(child);
    }
  }

  async function kill(reason: Error): Promise<void> {
    over(reason);
    child.kill("SIGKILL");
  }

  await ask({ kind: "open", bytes, intraOpThreads }).catch((error: Error) =>
    kill(error).then(() => Promise.reject(error)),
  );
  return {
    async run(inputs, signal) {
      signal?.throwIfAborted();
      const stop = () => kill(signal?.reason as Error);
      signal?.addEventListener("abort", stop, { once: true });
      try {
        return await ask({ kind: "run", inputs: [...inputs] });
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    },
    release: () => kill(new Error("the session was released")),
  };
}

/** A process that waits for work keeps nobody from ending. */
function restful(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}
