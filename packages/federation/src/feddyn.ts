import type { Tensor, Tree } from "@concord/engine";
import type { Algorithm, CoordinatorState } from "./algorithm.ts";
import { correctedStep } from "./corrected-step.ts";
import type { AveragingConfig } from "./fedavg.ts";
import { fedavg } from "./fedavg.ts";
import { linearCombination, zerosLike } from "./linear-combination.ts";
import { localSteps } from "./local-steps.ts";
import { keepPrivate, openPrivate } from "./private-tree.ts";
import { weightedMean } from "./weighted-mean.ts";
import { shareOfWhole, wholeOf } from "./whole.ts";

export interface FedDynConfig extends AveragingConfig {
  /** α > 0 of the dynamic regulariser. */
  readonly alpha: number;
}

/**
 * FedDyn (Acar, Zhao, Matas Navarro, Mattina, Whatmough and Saligrama, "Federated Learning Based on Dynamic
 * Regularization", ICLR 2021, Algorithm 1).
 *
 * In the round t a party descends on L_i(w) − ⟨h_i, w⟩ + α/2 ‖w − w_t‖², where h_i is its loss's gradient where it ended
 * the last time. From its end w_i follow, with the parties S of the round out of N,
 *
 *     h_i ← h_i − α (w_i − w_t),     h ← h − α/N Σ_S (w_i − w_t),     w ← mean of w_i − h/α
 *
 * h_i stays with the party between the rounds in which it is drawn, h with the coordinator; one vector goes each way. Both
 * start at zero. At a fixed point the gradients h_i add up to h = 0: that is the optimum of the whole, however many local
 * steps a party makes. Where the paper leaves room:
 *
 * - Parties of unequal size: it has plain means over equal parties. We weight by n_i as our FedAvg does, and 1/N Σ_S becomes
 *   Σ_S (n_i / n), so that the fixed point is the optimum of the loss over all examples.
 * - The inner problem is solved by the T local steps of every other algorithm, with the task's optimiser; the terms are added
 *   to the gradient before clipping and weight decay (`Task.correctedStep`).
 * - What is evaluated is w, the model that comes down, not the mean of the w_i.
 * - A party that moved its h_i though its w_i was not merged leaves h off by that much (docs/algorithms.md says when).
 */
export function feddyn({ alpha, ...config }: FedDynConfig): Algorithm {
  const base = fedavg(config);
  const stepOf = correctedStep({ pull: alpha, shift: true });
  return {
    ...base,
    name: "feddyn",
    init(setup): CoordinatorState {
      const { model } = base.init(setup);
      return { model, h: zerosLike(model) };
    },
    select: (state, context) => ({ ...base.select(state, context), whole: wholeOf(context.parties) }),

    async train(context) {
      const { task, model: anchor, privateState } = context;
      const own = (privateState && (openPrivate(privateState).h as Tree<Tensor>)) ?? zerosLike(anchor);
      const constants = { anchor, shift: linearCombination([-1, own]) };
      const { update, loss } = await localSteps(context, { step: stepOf(task), constants });
      return {
        update,
        privateState: keepPrivate({ h: linearCombination([1, own], [-alpha, update], [alpha, anchor]) }),
        loss,
      };
    },

    merge({ model: before, ...state }, { updates, plan }) {
      const mean = weightedMean(updates.map(({ examples, tensors }) => ({ weight: examples, tensors })));
      const moved = alpha * shareOfWhole(plan, updates);
      const h = linearCombination([1, state.h as Tree<Tensor>], [-moved, mean], [moved, before]);
      return { model: linearCombination([1, mean], [-1 / alpha, h]), h };
    },
  };
}
