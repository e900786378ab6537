import type { Engine } from "@concord/engine";
import type { Task } from "@concord/learning";
import { evaluate } from "@concord/learning";
import type { Trainer } from "./algorithm.ts";

/** Examples in a batch of an evaluation: large enough to use the processor well, small enough for any party. */
const EVALUATION_BATCH = 256;

/** Compiles a task's training step and evaluation on an engine. */
export async function createTrainer(engine: Engine, task: Task): Promise<Trainer> {
  const step = await engine.compileStep(task.trainingStep);
  const evaluation = await engine.compile(task.evaluation(EVALUATION_BATCH));
  return {
    steps: (carry, batches, signal) => step.run(carry, batches, signal),
    evaluate: (parameters, data, signal) => evaluate(evaluation, parameters, data, EVALUATION_BATCH, signal),
  };
}
