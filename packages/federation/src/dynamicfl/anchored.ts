import type { Tensor, Tree } from "@concord/engine";
import type { CoordinatorState, MergeContext } from "../algorithm.ts";
import { average } from "../average.ts";
import { combination } from "../weighted-mean.ts";

/**
 * The rule "anchored", which is ours: the slowest parties do nothing, and at the end of the round their share of the weight
 * goes to the model w⁰ that the round began with,
 *
 *   w ← (|S| / |A|) Σ_S n_i w_i / Σ_S n_i  +  (1 − |S| / |A|) w⁰,
 *
 * where S are the members. The published average takes their drifted models in its place; "idle" gives them no weight, so that
 * the model may forget, from round to round, what the labels of the group do not show.
 */
export function anchored(activeParties: number): {
  /** The state with the model that the round begins with. */
  begin(state: CoordinatorState): CoordinatorState;
  merge(state: CoordinatorState, exchange: MergeContext): CoordinatorState;
} {
  return {
    begin: (state) => ({ ...state, start: state.model }),
    merge(state, exchange) {
      const merged = average(state, exchange);
      if (!exchange.last) return merged;
      const share = Math.min(1, exchange.plan.members.length / activeParties);
      const model = combination([
        { factor: share, tensors: merged.model },
        { factor: 1 - share, tensors: state.start as Tree<Tensor> },
      ]);
      return { ...merged, model, start: model };
    },
  };
}
