import type { Constraint, Problem } from "./problem.ts";
import { statisticOf } from "./target.ts";

/** E_w r of every value. `weights` are in the order of the problem's rows. */
export function levelsUnder({ rewards, order }: Problem, weights: Float64Array): Record<string, number> {
  const { values, data, n } = rewards;
  const m = values.length;
  const sums = new Float64Array(m);
  for (let row = 0; row < n; row++) {
    const weight = weights[row] as number;
    if (weight === 0) continue;
    const at = (order === null ? row : (order[row] as number)) * m;
    for (let i = 0; i < m; i++) sums[i] = (sums[i] as number) + weight * (data[at + i] as number);
  }
  return Object.fromEntries(values.map((value, i) => [value, sums[i] as number]));
}

/** E_w r of every value, and what each goal bounds by its label: an expectation, a share of answers, or either in a group. */
export function realisedLevels(problem: Problem, weights: Float64Array): Record<string, number> {
  const levels = levelsUnder(problem, weights);
  const goals = problem.constraints.map((one) => {
    const plain = one.groupIndex < 0 && one.target.kind !== "share";
    return [one.label, plain ? (levels[one.value] as number) : realisedGoal(problem, one, weights)] as const;
  });
  return { ...levels, ...Object.fromEntries(goals) };
}

function realisedGoal({ rewards, order, n }: Problem, goal: Constraint, weights: Float64Array): number {
  const { target, column, groupIndex } = goal;
  const m = rewards.values.length;
  let mass = 0;
  let sum = 0;
  for (let row = 0; row < n; row++) {
    const j = order === null ? row : (order[row] as number);
    if (groupIndex >= 0 && rewards.groups?.of[j] !== groupIndex) continue;
    const weight = weights[row] as number;
    mass += weight;
    sum += weight * statisticOf(target, rewards.data[j * m + column] as number);
  }
  return sum / mass;
}
