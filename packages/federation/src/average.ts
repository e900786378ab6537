import type { CoordinatorState, MergeContext } from "./algorithm.ts";
import { weightedMean } from "./weighted-mean.ts";

/** w ← Σ n_i w_i / Σ n_i over the updates that are due together. */
export function average(state: CoordinatorState, { updates }: MergeContext): CoordinatorState {
  return { ...state, model: weightedMean(updates.map(({ examples, tensors }) => ({ weight: examples, tensors }))) };
}
