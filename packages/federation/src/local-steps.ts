import type { StepDefinition, Tensor, Tree } from "@concord/engine";
import { mapTree, specOf } from "@concord/engine";
import { batches, gather } from "@concord/learning";
import type { TrainContext, Trained } from "./algorithm.ts";
import { keepPrivate, openPrivate } from "./private-tree.ts";

/** A local step of the task with a term against drift (`Task.correctedStep`), and the constants of that term. */
export interface CorrectedSteps {
  readonly step: StepDefinition;
  readonly constants: Tree<Tensor>;
}

/**
 * The local steps of a segment with the task's own optimiser, from the model that came down; the update is the model that
 * they end with. The optimiser's state is kept from one exchange to the next and starts afresh in every round.
 */
export async function localSteps(context: TrainContext, corrected?: CorrectedSteps): Promise<Trained> {
  const { task, trainer, plan, segment, model, privateState, data, key, signal } = context;
  const kept = segment.index === 0 || privateState === undefined ? undefined : openPrivate(privateState).optimizer;
  const optimizer = (kept as Tree<Tensor> | undefined) ?? task.optimizer.init(mapTree(model, specOf));
  const rows = batches({ key, examples: data.size, batchSize: task.batchSize });
  const learningRate = task.rateAt(plan.round);

  function* inputs() {
    for (let step = segment.from; step < segment.to; step++) {
      // Counted over rounds, so that one round of T exchanges sees the batches of T rounds of one step.
      yield task.batch(gather(data, rows((plan.round - 1) * plan.steps + step)), learningRate);
    }
  }

  const start = { parameters: model, optimizer };
  const { carry, outputs } = corrected
    ? await (await trainer.step(corrected.step)).run({ ...start, constants: corrected.constants }, inputs(), signal)
    : await trainer.steps(start, inputs(), signal);
  const losses = outputs.map(({ loss }) => (loss as Tensor).data[0] as number);
  const last = segment.to === plan.steps;
  return {
    update: carry.parameters as Tree<Tensor>,
    privateState: keepPrivate(last ? {} : { optimizer: (carry.optimizer ?? {}) as Tree<Tensor> }),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
  };
}
