/** The entry of the Web Worker: a call goes in, its answer or the reason why there is none comes out, in order. */
import { createDesk } from "./desk.ts";
import type { FromDesk, ToDesk } from "./remote-desk.ts";

/** The global scope as a worker has it; the DOM's own types describe that of a page. */
interface WorkerScope {
  postMessage(message: FromDesk): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToDesk>) => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const desk = createDesk();
scope.addEventListener("message", ({ data: { call, ask } }) => {
  try {
    // What was asked fits the call: both come from `RemoteDesk`, which has the types.
    scope.postMessage({ answer: desk[call](ask as never) });
  } catch (error) {
    scope.postMessage({ problem: error instanceof Error ? error.message : String(error) });
  }
});
