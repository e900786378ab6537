import { mapTree, specOf } from "@concord/engine";
import { drawActive } from "./active-parties.ts";
import type { Algorithm } from "./algorithm.ts";
import { average } from "./average.ts";
import { checkModel } from "./check-model.ts";
import { localSteps } from "./local-steps.ts";

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
    select(_state, context) {
      const steps = exchanges(config.localSteps);
      const members = drawActive(context, config.activeParties).map(({ id, examples }) => ({
        party: id,
        examples,
        exchanges: steps,
      }));
      return { round: context.round, steps: config.localSteps, members };
    },
    download: (state) => state.model,
    train: localSteps,
    checkUpdate: (state, update) => checkModel(update, mapTree(state.model, specOf)),
    merge: average,
    evaluate: ({ trainer, model, data, signal }) => trainer.evaluate(model, data, signal),
    finish: (state) => state,
  };
}
