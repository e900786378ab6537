import type { Tensor, Tree } from "@concord/engine";
import { scalar } from "@concord/engine";
import type { Algorithm, CoordinatorState } from "./algorithm.ts";
import type { AveragingConfig } from "./fedavg.ts";
import { fedavg } from "./fedavg.ts";
import { gradientWeight } from "./gradient-weight.ts";
import { linearCombination } from "./linear-combination.ts";

/**
 * FedNova (Wang, Liu, Liang, Joshi and Poor, "Tackling the Objective Inconsistency Problem in Heterogeneous Federated
 * Optimization", NeurIPS 2020, eq. 6 and 7): averages what parties did per unit of local work.
 *
 * The work is that of the task's SGD with momentum, ‖a_i‖₁ (`gradientWeight`). In this house every party makes the same T
 * local steps with the same optimiser, so all ‖a_i‖₁ are equal, they cancel, and FedNova is FedAvg to rounding. It stands
 * here so that comparisons can say so, and `normalisedAverage` is the rule for parties that work unequally. The
 * coordinator knows T and the optimiser and takes nobody's word for them: one vector goes each way.
 */
export function fednova(config: AveragingConfig): Algorithm {
  const base = fedavg(config);
  return {
    ...base,
    name: "fednova",
    init(setup): CoordinatorState {
      const work = gradientWeight(setup.task.spec.optimizer, config.localSteps);
      return { ...base.init(setup), work: scalar(work) };
    },
    merge(state, { updates }) {
      const work = (state.work as Tensor).data[0] as number;
      const ends = updates.map(({ examples, tensors }) => ({ weight: examples, work, model: tensors }));
      return { ...state, model: normalisedAverage(state.model, ends) };
    },
  };
}

/** Where a party ended its local steps. */
export interface LocalEnd {
  /** n_i > 0 */
  readonly weight: number;
  /** ‖a_i‖₁ > 0 */
  readonly work: number;
  /** w_i */
  readonly model: Tree<Tensor>;
}

/**
 * w − τ Σ p_i (w − w_i) / ‖a_i‖₁ with p_i = n_i / Σ n_i and the effective number of steps τ = Σ p_i ‖a_i‖₁: a party that worked
 * twice as long pulls no harder than the others.
 */
export function normalisedAverage(w: Tree<Tensor>, ends: readonly LocalEnd[]): Tree<Tensor> {
  const total = ends.reduce((sum, { weight }) => sum + weight, 0);
  const tau = ends.reduce((sum, { weight, work }) => sum + (weight / total) * work, 0);
  const pulls = ends.map(({ weight, work, model }) => [(tau * weight) / (total * work), model] as const);
  const left = 1 - pulls.reduce((sum, [pull]) => sum + pull, 0);
  return linearCombination([left, w], ...pulls);
}
