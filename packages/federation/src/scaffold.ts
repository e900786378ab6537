import type { Tensor, Tree } from "@concord/engine";
import { mapTree, specOf } from "@concord/engine";
import type { Algorithm, CoordinatorState } from "./algorithm.ts";
import { checkModel } from "./check-model.ts";
import { correctedStep } from "./corrected-step.ts";
import type { AveragingConfig } from "./fedavg.ts";
import { fedavg } from "./fedavg.ts";
import { gradientWeight } from "./gradient-weight.ts";
import { linearCombination, zerosLike } from "./linear-combination.ts";
import { localSteps } from "./local-steps.ts";
import { keepPrivate, openPrivate } from "./private-tree.ts";
import { weightedMean } from "./weighted-mean.ts";
import { shareOfWhole, wholeOf } from "./whole.ts";

/** x and c: what the coordinator keeps, what comes down, and (as y_i and Δc_i) what goes up. Two vectors each way. */
type ModelAndControl = { readonly model: Tree<Tensor>; readonly control: Tree<Tensor> };

/**
 * SCAFFOLD (Karimireddy, Kale, Mohri, Reddi, Stich and Suresh, "SCAFFOLD: Stochastic Controlled Averaging for Federated
 * Learning", ICML 2020, Algorithm 1 with option II and η_g = 1).
 *
 * A party makes K local steps from x with the gradient g_i(y) − c_i + c, where c_i estimates its own gradient and c that of
 * all parties. Then
 *
 *     c_i⁺ = c_i − c + (x − y_i) / (K η),     x ← mean of y_i,     c ← c + |S|/N · mean of (c_i⁺ − c_i)
 *
 * c_i stays with the party between the rounds in which it is drawn, c with the coordinator; both start at zero, so the
 * first round is FedAvg's. Where the paper leaves room:
 *
 * - Parties of unequal size: it has plain means over equal parties, we weight by n_i as our FedAvg does, and |S|/N becomes
 *   Σ_S n_i / n. So c stays the mean of all c_i by their sizes, which is the gradient of the loss that is minimised.
 * - Momentum: option II takes (x − y_i) / η for the sum of K gradients, which is true of plain SGD only. With momentum
 *   each gradient counts about 1/(1 − ρ) times, so c_i would be ten times too large at ρ = 0.9. We divide by the weight
 *   ‖a‖₁ that K gradients have together (`gradientWeight`; K for plain SGD).
 * - Clipping and weight decay: the correction is added to the gradient before both (`Task.correctedStep`).
 * - A party that moved its c_i though its Δc_i was not merged leaves c different from the mean of the c_i by that much
 *   (docs/algorithms.md says when).
 */
export function scaffold(config: AveragingConfig): Algorithm {
  const base = fedavg(config);
  const stepOf = correctedStep({ shift: true });
  return {
    ...base,
    name: "scaffold",
    init(setup): CoordinatorState {
      const { model } = base.init(setup);
      return { model, control: zerosLike(model) };
    },
    select: (state, context) => ({ ...base.select(state, context), whole: wholeOf(context.parties) }),
    download: (state) => state,
    downloadSpecs: ({ model }) => ({ model: model.parameters, control: model.parameters }),

    async train(context) {
      const { task, plan, segment, privateState } = context;
      const { model: x, control: c } = context.model as ModelAndControl;
      const own = (privateState && (openPrivate(privateState).control as Tree<Tensor>)) ?? zerosLike(x);
      const constants = { shift: linearCombination([1, c], [-1, own]) };
      const { update: y, loss } = await localSteps({ ...context, model: x }, { step: stepOf(task), constants });

      const distance = task.rateAt(plan.round) * gradientWeight(task.spec.optimizer, segment.to - segment.from);
      // At a learning rate of 0 nothing was learned of the gradient.
      const next = distance === 0 ? own : linearCombination([1, own], [-1, c], [1 / distance, x], [-1 / distance, y]);
      const update: ModelAndControl = { model: y, control: linearCombination([1, next], [-1, own]) };
      return { update, privateState: keepPrivate({ control: next }), loss };
    },

    checkUpdate: (state, update) => checkModel(update, mapTree(state, specOf)),
    merge(state, { updates, plan }) {
      const mean = weightedMean(updates.map(({ examples, tensors }) => ({ weight: examples, tensors })));
      const { model, control: change } = mean as ModelAndControl;
      const c = state.control as Tree<Tensor>;
      return { model, control: linearCombination([1, c], [shareOfWhole(plan, updates), change]) };
    },
  };
}
