import type { Palette } from "./palette.ts";
import type { DualKind } from "./problem.ts";
import { makeProblem } from "./problem.ts";
import type { Rewards } from "./rewards.ts";
import { multipliers } from "./solve.ts";

/** The weight w_j of every sample at the solution of a reachable palette, in the order of the rewards; the sum is 1. */
export function sampleWeights(rewards: Rewards, palette: Palette, dual: DualKind = "joint"): Float64Array {
  const problem = makeProblem(rewards, palette, dual);
  const { order } = problem;
  const byRow = multipliers(problem).dual.weights();
  if (order === null) return byRow.slice();
  const weights = new Float64Array(rewards.n);
  order.forEach((j, row) => {
    weights[j] = byRow[row] as number;
  });
  return weights;
}
