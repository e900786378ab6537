import type { Engine } from "@concord/engine";
import type { Task } from "@concord/learning";
import { evaluate } from "@concord/learning";
import type { Trainer } from "./algorithm.ts";

/** Examples in a batch of an evaluation: large enough to use the processor well, small enough for any party. */
const EVALUATION_BATCH = 256;

/** Compiles a task's training step and evaluation on an engine; programs of an algorithm when they are first asked for. */
export async function createTrainer(engine: Engine, task: Task): Promise<Trainer> {
  const program = once((definition: Parameters<Engine["compile"]>[0]) => engine.compile(definition));
  const step = once((definition: Parameters<Engine["compileStep"]>[0]) => engine.compileStep(definition));
  const evaluation = task.evaluation(EVALUATION_BATCH);
  return {
    program,
    step,
    steps: async (carry, batches, signal) => (await step(task.trainingStep)).run(carry, batches, signal),
    evaluate: async (parameters, data, signal) =>
      evaluate(await program(evaluation), parameters, data, EVALUATION_BATCH, signal),
  };
}

/** Compiles each definition once. One that failed is tried again when it is next asked for. */
function once<D extends object, P>(compile: (definition: D) => Promise<P>): (definition: D) => Promise<P> {
  const compiled = new Map<D, Promise<P>>();
  return (definition) => {
    const known = compiled.get(definition);
    if (known !== undefined) return known;
    const pending = compile(definition);
    compiled.set(definition, pending);
    pending.catch(() => compiled.delete(definition));
    return pending;
  };
}
