import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { refuseTelemetry } from "@concord/engine/node";
import type { Evaluation } from "@concord/learning";
import type { Trained } from "./algorithm.ts";
import type { EvaluateJob, Executor, TrainJob } from "./executor.ts";
import type { FederationSpec } from "./spec.ts";

/**
 * What a worker is asked. Data are sent once and then named by their number; so are the lists of names that thousands of parties of one
 * catalogue share, and the model, which a round sends to many parties: a worker keeps the latest.
 */
export type Request =
  | { readonly kind: "names"; readonly id: number; readonly names: readonly string[] }
  | { readonly kind: "data"; readonly id: number; readonly data: Sent }
  | { readonly kind: "model"; readonly model: TrainJob["model"] }
  | { readonly kind: "train"; readonly job: Omit<TrainJob, "data" | "model">; readonly data: number }
  | { readonly kind: "evaluate"; readonly job: Omit<EvaluateJob, "data" | "model">; readonly data: number };

/** A data set whose lists of names are elsewhere: `names` says under which number each of them was sent. */
export interface Sent {
  readonly rest: object;
  readonly names: Readonly<Record<string, number>>;
}

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

  async function submit<R>({ data, model, ...job }: TrainJob | EvaluateJob, kind: "train" | "evaluate"): Promise<R> {
    const worker = await acquire();
    try {
      const id = numberOf(data);
      if (!worker.has(id)) worker.give(id, data, numberOf);
      worker.hold(model);
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
  give(id: number, data: TrainJob["data"], numberOf: (names: object) => number): void;
  /** Sends the model unless it is the one that the worker had last. */
  hold(model: TrainJob["model"]): void;
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

/** A list of names that is worth sending once; a party's own few users are not. */
function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 100 && typeof value[0] === "string";
}

async function startWorker(spec: FederationSpec): Promise<PoolWorker> {
  refuseTelemetry();
  const worker = new Worker(new URL("./pool-worker.node.ts", import.meta.url), { workerData: spec });
  const given = new Set<number>();
  const send = (request: Request) => worker.postMessage(request);
  let held: TrainJob["model"] | undefined;
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
    give(id, data, numberOf) {
      given.add(id);
      const lists = Object.entries(data).filter(([, value]) => isNames(value));
      const names = lists.map(([field, list]) => {
        const number = numberOf(list);
        if (!given.has(number)) send({ kind: "names", id: number, names: list });
        given.add(number);
        return [field, number] as const;
      });
      const rest = Object.fromEntries(Object.entries(data).filter(([, value]) => !isNames(value)));
      send({ kind: "data", id, data: { rest, names: Object.fromEntries(names) } });
    },
    hold(model) {
      if (model === held) return;
      held = model;
      send({ kind: "model", model });
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
