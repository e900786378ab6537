import { parentPort, workerData } from "node:worker_threads";
import { engineFor } from "@concord/engine/node";
import type { Examples } from "@concord/learning";
import { buildTask } from "@concord/learning";
import { inlineExecutor } from "./executor.ts";
import { algorithmOf } from "./registry.ts";
import type { FederationSpec } from "./spec.ts";
import type { Reply, Request } from "./worker-pool.node.ts";

/** The body of one worker of the pool: jobs come in one at a time, results go out. */
const spec = workerData as FederationSpec;
const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), await engineFor());
const datasets = new Map<number, Examples>();

parentPort?.on("message", async (request: Request) => {
  if (request.kind === "data") {
    datasets.set(request.id, request.data);
    return;
  }
  try {
    const data = datasets.get(request.data);
    if (data === undefined) throw new RangeError(`data set ${request.data} was not sent`);
    const result =
      request.kind === "train"
        ? await executor.train({ ...request.job, data })
        : await executor.evaluate({ ...request.job, data });
    answer({ kind: "done", result });
  } catch (error) {
    answer({ kind: "failed", error });
  }
});
answer({ kind: "ready" });

function answer(reply: Reply): void {
  parentPort?.postMessage(reply);
}
