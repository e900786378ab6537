import type { Tensor, TensorSpec, Tree } from "@concord/engine";
import { checkTree, firstNonFinite, flatten, mapTree, rng, sample, specOf } from "@concord/engine";
import { batches, gather } from "@concord/learning";
import type { Algorithm, CoordinatorState, MergeContext, SelectContext, TrainContext, Trained } from "./algorithm.ts";
import type { RoundPlan } from "./plan.ts";
import { keepPrivate, openPrivate } from "./private-tree.ts";
import { weightedMean } from "./weighted-mean.ts";

export interface AveragingConfig {
  /** T: local steps of each party in a round. */
  readonly localSteps: number;
  /** Parties drawn for each round; all of them where it is not given. */
  readonly activeParties?: number | undefined;
}

/**
 * Federated averaging (McMahan, Moore, Ramage, Hampson and Agüera y Arcas, "Communication-Efficient Learning of Deep
 * Networks from Decentralized Data", AISTATS 2017, Algorithm 1).
 *
 * In a round each of the drawn parties makes T local steps from the global model w and sends its w_i;
 * then w ← Σ n_i w_i / Σ n_i. The optimiser starts afresh in every round.
 */
export function fedavg(config: AveragingConfig): Algorithm {
  return averaging("fedavg", config, (T) => [T]);
}

/**
 * Averaging of models after given local steps. FedAvg and FedSGD are this with two schedules: `exchanges(T)` lists the
 * steps after which every member exchanges.
 */
export function averaging(
  name: string,
  config: AveragingConfig,
  exchanges: (T: number) => readonly number[],
): Algorithm {
  return {
    name,
    init: ({ task, key }) => ({ model: task.model.init(key) }),
    select: (_state, context) => draw(config, exchanges(config.localSteps), context),
    download: (state) => state.model,
    train: localSteps,
    checkUpdate: (state, update) => checkModel(update, mapTree(state.model, specOf)),
    merge: average,
    evaluate: ({ trainer, model, data, signal }) => trainer.evaluate(model, data, signal),
    finish: (state) => state,
  };
}

function draw(
  { localSteps, activeParties }: AveragingConfig,
  exchanges: readonly number[],
  context: SelectContext,
): RoundPlan {
  const { round, candidates, key } = context;
  const count = Math.min(activeParties ?? candidates.length, candidates.length);
  const drawn = new Set(sample(rng(key), candidates, count).map(({ id }) => id));
  const members = candidates
    .filter(({ id }) => drawn.has(id))
    .map(({ id, examples }) => ({ party: id, examples, exchanges }));
  return { round, steps: localSteps, members };
}

async function localSteps(context: TrainContext): Promise<Trained> {
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

  const { carry, outputs } = await trainer.steps({ parameters: model, optimizer }, inputs(), signal);
  const losses = outputs.map(({ loss }) => (loss as Tensor).data[0] as number);
  const last = segment.to === plan.steps;
  return {
    update: carry.parameters as Tree<Tensor>,
    privateState: keepPrivate(last ? {} : { optimizer: (carry.optimizer ?? {}) as Tree<Tensor> }),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
  };
}

function average(state: CoordinatorState, { updates }: MergeContext): CoordinatorState {
  return { ...state, model: weightedMean(updates.map(({ examples, tensors }) => ({ weight: examples, tensors }))) };
}

/** Throws TypeError unless the update is a model of the expected shapes with finite values. */
function checkModel(update: Tree<Tensor>, specs: Tree<TensorSpec>): void {
  checkTree("update", update, specs);
  for (const [path, leaf] of flatten(update)) {
    const at = firstNonFinite(leaf);
    if (at >= 0)
      throw new TypeError(`update: "${path}" holds ${leaf.data[at]} at element ${at}; values must be finite`);
  }
}
