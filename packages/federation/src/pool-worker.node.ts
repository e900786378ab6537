import { parentPort, workerData } from "node:worker_threads";
import type { Tensor, Tree } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import type { Examples } from "@concord/learning";
import { buildTask } from "@concord/learning";
import { inlineExecutor } from "./executor.ts";
import { algorithmOf } from "./registry.ts";
import type { FederationSpec } from "./spec.ts";
import type { Reply, Request, Sent } from "./worker-pool.node.ts";

/** The body of one worker of the pool: jobs come in one at a time, results go out. */
const spec = workerData as FederationSpec;
const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), await engineFor());
const names = new Map<number, readonly string[]>();
const datasets = new Map<number, Examples>();
let model: Tree<Tensor> = {};

parentPort?.on("message", async (request: Request) => {
  switch (request.kind) {
    case "names":
      names.set(request.id, request.names);
      return;
    case "data":
      datasets.set(request.id, whole(request.data));
      return;
    case "model":
      model = request.model;
      return;
  }
  try {
    const data = datasets.get(request.data);
    if (data === undefined) throw new RangeError(`data set ${request.data} was not sent`);
    const result =
      request.kind === "train"
        ? await executor.train({ ...request.job, model, data })
        : await executor.evaluate({ ...request.job, model, data });
    answer({ kind: "done", result });
  } catch (error) {
    answer({ kind: "failed", error });
  }
});
answer({ kind: "ready" });

/** The data set as it was before it was taken apart for the way. */
function whole({ rest, names: lists }: Sent): Examples {
  const fields = Object.entries(lists).map(([field, id]) => [field, names.get(id)] as const);
  return { ...rest, ...Object.fromEntries(fields) } as unknown as Examples;
}

function answer(reply: Reply): void {
  parentPort?.postMessage(reply);
}
