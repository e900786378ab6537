/** The process in which a foreign program runs: opens one model, then runs it as often as it is asked to. */
import type { Answer, Request } from "./isolated-session.node.ts";
import { openSession } from "./session.node.ts";
import type { Session } from "./session.ts";

let session: Session | undefined;
let turn: Promise<unknown> = Promise.resolve();
process.on("message", (request) => {
  turn = turn.then(async () => process.send?.(await answer(request as Request)));
});
// Nobody is left to ask.
process.on("disconnect", () => process.exit());

async function answer(request: Request): Promise<Answer> {
  try {
    if (request.kind === "open") {
      session = await openSession(request.bytes, request.intraOpThreads);
      return { kind: "done", outputs: [] };
    }
    if (session === undefined) throw new Error("no program is open");
    return { kind: "done", outputs: [...(await session.run(new Map(request.inputs)))] };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}
