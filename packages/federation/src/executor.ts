import type { Engine, Key, Tensor, Tree } from "@concord/engine";
import type { Evaluation, Examples, Task } from "@concord/learning";
import type { Algorithm, Trained } from "./algorithm.ts";
import type { Segment } from "./plan.ts";
import type { PrivateTree } from "./private-tree.ts";
import { createTrainer } from "./trainer.ts";

/** Does the parties' work in a simulation. Results depend on the jobs alone, not on where or when they run. */
export interface Executor {
  /** Jobs that it runs side by side. */
  readonly parallel: number;
  train(job: TrainJob): Promise<Trained>;
  evaluate(job: EvaluateJob): Promise<Evaluation>;
  close(): Promise<void>;
}

export interface TrainJob {
  readonly plan: { readonly round: number; readonly steps: number };
  readonly segment: Segment;
  readonly model: Tree<Tensor>;
  readonly privateState: PrivateTree | undefined;
  readonly key: Key;
  readonly secret: Key;
  readonly data: Examples;
}

export interface EvaluateJob {
  readonly model: Tree<Tensor>;
  readonly privateState: PrivateTree | undefined;
  readonly key: Key;
  readonly data: Examples;
}

/** Runs every job on the given engine, in this thread. */
export async function inlineExecutor(algorithm: Algorithm, task: Task, engine: Engine): Promise<Executor> {
  const trainer = await createTrainer(engine, task);
  return {
    parallel: 1,
    train: (job) => algorithm.train({ ...job, task, trainer }),
    evaluate: (job) => algorithm.evaluate({ ...job, task, trainer }),
    close: async () => {},
  };
}
