import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { refuseTelemetry } from "@concord/engine/node";
import type { Evaluation } from "@concord/learning";
import type { Trained } from "./algorithm.ts";
import type { EvaluateJob, Executor, TrainJob } from "./executor.ts";
import type { FederationSpec } from "./spec.ts";

/** What a worker is asked; `data` is sent once and then named by its number. */
export type Request =
  | { readonly kind: "data"; readonly id: number; readonly data: TrainJob["data"] }
  | { readonly kind: "train"; readonly job: Omit<TrainJob, "data">; readonly data: number }
  | { readonly kind: "evaluate"; readonly job: Omit<EvaluateJob, "data">; readonly data: number };

export type Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly result: Trained | Evaluation }
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * An executor on worker threads, one for each core unless told otherwise. Each worker has an engine of its own and is
 * given a party's data with the first job that needs it. Rejects if a worker cannot start, and RangeError for a size
 * that is not ≥ 1.
 */
export async function workerPool(spec: FederationSpec, size = availableParallelism()): Promise<Executor> {
  if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`a pool has at least one worker, not ${size}`);
  const workers = await startWorkers(spec, size);
  const idle = [...workers];
  const waiting: ((worker: PoolWorker) => void)[] = [];
  const numbers = new WeakMap<object, number>();
  let next = 0;

  const acquire = (): Promise<PoolWorker> => {
    const worker = idle.pop();
    return worker ? Promise.resolve(worker) : new Promise((resolve) => waiting.push(resolve));
  };
  const release = (worker: PoolWorker) => {
    const taker = waiting.shift();
    if (taker) taker(worker);
    else idle.push(worker);
  };
  const numberOf = (data: object) => {
    const known = numbers.get(data);
    if (known !== undefined) return known;
    numbers.set(data, next);
    return next++;
  };

  async function submit<R>({ data, ...job }: TrainJob | EvaluateJob, kind: "train" | "evaluate"): Promise<R> {
    const worker = await acquire();
    try {
      const id = numberOf(data);
      if (!worker.has(id)) worker.give(id, data);
      return (await worker.ask({ kind, job, data: id } as Request)) as R;
    } finally {
      release(worker);
    }
  }

  return {
    parallel: size,
    train: (job) => submit<Trained>(job, "train"),
    evaluate: (job) => submit<Evaluation>(job, "evaluate"),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}

interface PoolWorker {
  has(data: number): boolean;
  give(id: number, data: TrainJob["data"]): void;
  ask(request: Request): Promise<Trained | Evaluation>;
  stop(): Promise<unknown>;
}

/** Starts all workers, or none. */
async function startWorkers(spec: FederationSpec, size: number): Promise<PoolWorker[]> {
  const starts = await Promise.allSettled(Array.from({ length: size }, () => startWorker(spec)));
  const workers = starts.flatMap((start) => (start.status === "fulfilled" ? start.value : []));
  const failed = starts.find((start) => start.status === "rejected");
  if (failed === undefined) return workers;
  await Promise.all(workers.map((worker) => worker.stop()));
  throw failed.reason;
}

async function startWorker(spec: FederationSpec): Promise<PoolWorker> {
  refuseTelemetry();
  const worker = new Worker(new URL("./pool-worker.node.ts", import.meta.url), { workerData: spec });
  const given = new Set<number>();
  let settle: { resolve(value: Trained | Evaluation | undefined): void; reject(error: unknown): void } | undefined;
  let failure: unknown;
  const ready = new Promise<unknown>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const end = (error: unknown) => {
    failure = error;
    settle?.reject(error);
    settle = undefined;
  };
  worker.on("message", (reply: Reply) => {
    const current = settle;
    settle = undefined;
    if (reply.kind === "failed") current?.reject(reply.error);
    else current?.resolve(reply.kind === "done" ? reply.result : undefined);
  });
  worker.on("error", end);
  worker.on("exit", (code) => end(new Error(`a worker of the simulation ended with code ${code}`)));
  await ready;
  return {
    has: (data) => given.has(data),
    give(id, data) {
      given.add(id);
      worker.postMessage({ kind: "data", id, data } satisfies Request);
    },
    ask: (request) =>
      new Promise<Trained | Evaluation>((resolve, reject) => {
        if (failure !== undefined) return reject(failure);
        settle = { resolve: (value) => resolve(value as Trained | Evaluation), reject };
        worker.postMessage(request);
      }),
    stop: () => worker.terminate(),
  };
}
