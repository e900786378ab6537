import { AlignmentError } from "./alignment-error.ts";
import { solveSymmetric } from "./cholesky.ts";
import type { Palette } from "./palette.ts";
import type { Constraint, DualKind, Problem } from "./problem.ts";
import { makeProblem } from "./problem.ts";
import type { Rewards } from "./rewards.ts";
import type { Reachable } from "./solve.ts";
import { multipliers, solve } from "./solve.ts";

/** What a little more of one goal costs. */
export interface Prices {
  /** dKL/dc_i by goal: nats for each unit more. λ_i, except that of a group is weighted by the group's mass. */
  readonly kl: Readonly<Record<string, number>>;
  /**
   * dE[r_j]/dc_i by goal, then by value: how the levels of all values move when one target rises by one unit and the
   * others stay. Goals that are not active (λ = 0) move nothing.
   */
  readonly levels: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * Prices at the solution of a palette, exact derivatives. With A the active goals and V = Cov_w, dλ_A/dc_A = +V_AA⁻¹ (the
 * paper's Theorem 4(iv) prints a minus), and dE[r_j]/dc_i = V_jA·V_AA⁻¹·e_i. For a group of prompts under the joint dual
 * the mass of the group moves as well, which adds the terms in Cov_w(·, 1_group).
 * Throws AlignmentError if the palette cannot be reached.
 */
export function prices(rewards: Rewards, palette: Palette, dual: DualKind = "joint"): Prices {
  const solution = solve(rewards, palette, dual);
  if (!solution.feasible) throw new AlignmentError(`there are no prices of what cannot be had: ${solution.verdict}`);
  return pricesAt(makeProblem(rewards, palette, dual), solution);
}

function pricesAt(problem: Problem, { lambda: raw }: Reachable): Prices {
  const { constraints, movable, k, scale, rewards } = problem;
  const m = rewards.values.length;
  const found = multipliers(problem);
  const w = found.dual.weights();
  const active = movable.flatMap((_, i) => ((found.lambda[i] as number) > 0 ? [i] : []));
  const groups = active.map((i) => (constraints[movable[i] as number] as Constraint).groupIndex);

  // Columns: the k of x, the m rewards, and the group indicator of every active goal.
  const width = k + m + active.length;
  const cov = new Float64Array(width * width);
  const mean = new Float64Array(width);
  accumulate(problem, w, groups, mean, cov);
  const hessian = new Float64Array(k * k);
  for (let a = 0; a < k; a++) for (let b = 0; b < k; b++) hessian[a * k + b] = cov[a * width + b] as number;
  let largest = 0;
  for (let a = 0; a < k; a++) largest = Math.max(largest, hessian[a * k + a] as number);

  const kl: Record<string, number> = {};
  const levels: Record<string, Record<string, number>> = {};
  for (const { label } of constraints) {
    kl[label] = 0;
    levels[label] = Object.fromEntries(rewards.values.map((value) => [value, 0]));
  }
  active.forEach((i, a) => {
    const { label, groupIndex } = constraints[movable[i] as number] as Constraint;
    const indicator = k + m + a;
    const mass = groupIndex < 0 ? 1 : (mean[indicator] as number);
    const slope = scale[i] as number;
    const price = found.lambda[i] as number;
    kl[label] = (raw[label] as number) * mass;
    // d(E_w x_b)/dc_i at fixed λ is −slope·(mass·[b = i] + λ_i·Cov(x_b, 1_group)); λ_A moves to undo it.
    const direction = solveSymmetric(
      hessian,
      k,
      active,
      (b) => slope * ((b === i ? mass : 0) + price * (cov[b * width + indicator] as number)),
      1e-13 * largest,
    );
    levels[label] = Object.fromEntries(
      rewards.values.map((value, j) => {
        const row = (k + j) * width;
        let change = -price * slope * (cov[row + indicator] as number);
        active.forEach((b, q) => {
          change += (cov[row + b] as number) * (direction[q] as number);
        });
        return [value, change];
      }),
    );
  });
  return { kl, levels };
}

/** Means, and covariances within prompts (of the whole under the joint dual), of x, rewards and group indicators. */
function accumulate(
  { rewards, x, n, k, order, starts }: Problem,
  w: Float64Array,
  groups: readonly number[],
  mean: Float64Array,
  cov: Float64Array,
): void {
  const m = rewards.values.length;
  const width = mean.length;
  const row = new Float64Array(width);
  const read = (at: number) => {
    const j = order === null ? at : (order[at] as number);
    for (let i = 0; i < k; i++) row[i] = x[at * k + i] as number;
    for (let i = 0; i < m; i++) row[k + i] = rewards.data[j * m + i] as number;
    groups.forEach((group, a) => {
      row[k + m + a] = group < 0 || rewards.groups?.of[j] === group ? 1 : 0;
    });
  };
  const bounds = starts ?? Int32Array.of(0, n);
  const own = new Float64Array(width);
  for (let p = 0; p + 1 < bounds.length; p++) {
    const [from, to] = [bounds[p] as number, bounds[p + 1] as number];
    own.fill(0);
    let mass = 0;
    for (let at = from; at < to; at++) {
      read(at);
      const weight = w[at] as number;
      mass += weight;
      for (let i = 0; i < width; i++) own[i] = (own[i] as number) + weight * (row[i] as number);
    }
    for (let i = 0; i < width; i++) {
      mean[i] = (mean[i] as number) + (own[i] as number);
      own[i] = (own[i] as number) / mass;
    }
    for (let at = from; at < to; at++) {
      const weight = w[at] as number;
      if (weight === 0) continue;
      read(at);
      for (let i = 0; i < width; i++) row[i] = (row[i] as number) - (own[i] as number);
      for (let a = 0; a < width; a++) {
        const scaled = weight * (row[a] as number);
        for (let b = 0; b < width; b++)
          cov[a * width + b] = (cov[a * width + b] as number) + scaled * (row[b] as number);
      }
    }
  }
}
