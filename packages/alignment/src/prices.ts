import { AlignmentError } from "./alignment-error.ts";
import { solveSymmetric } from "./cholesky.ts";
import type { Palette } from "./palette.ts";
import type { Constraint, DualKind, Problem } from "./problem.ts";
import { makeProblem } from "./problem.ts";
import type { Rewards } from "./rewards.ts";
import { multipliers, solve } from "./solve.ts";

/** What a little more of one goal costs. */
export interface Prices {
  /** dKL/dc_i by goal: nats for each unit more. λ_i, times the share of the prompts for a goal of a group. */
  readonly kl: Readonly<Record<string, number>>;
  /**
   * dE[r_j]/dc_i by goal, then by value: how the levels of all values move when one target rises by one unit and the
   * others stay. Goals that are not active (λ = 0) move nothing.
   */
  readonly levels: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * Prices at the solution of a palette, exact derivatives. With A the active goals and V = Cov_w, dλ_A/dc_A = +V_AA⁻¹ (the
 * paper's Theorem 4(iv) prints a minus), and dE[r_j]/dc_i = V_jA·V_AA⁻¹·e_i.
 * Throws AlignmentError if the palette cannot be reached.
 */
export function prices(rewards: Rewards, palette: Palette, dual: DualKind = "joint"): Prices {
  const solution = solve(rewards, palette, dual);
  if (!solution.feasible) throw new AlignmentError(`there are no prices of what cannot be had: ${solution.verdict}`);
  const problem = makeProblem(rewards, palette, dual);
  const { constraints, movable, k, unit } = problem;
  const found = multipliers(problem);
  const active = movable.flatMap((_, i) => ((found.lambda[i] as number) > 0 ? [i] : []));

  const width = k + rewards.values.length;
  const v = covariances(problem, found.dual.weights());
  const hessian = new Float64Array(k * k);
  let largest = 0;
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) hessian[a * k + b] = v[a * width + b] as number;
    largest = Math.max(largest, hessian[a * k + a] as number);
  }

  const kl: Record<string, number> = {};
  const levels: Record<string, Record<string, number>> = {};
  for (const { label } of constraints) {
    kl[label] = 0;
    levels[label] = Object.fromEntries(rewards.values.map((value) => [value, 0]));
  }
  for (const i of active) {
    const { label } = constraints[movable[i] as number] as Constraint;
    const slope = unit[i] as number;
    kl[label] = (found.lambda[i] as number) * slope;
    const change = solveSymmetric(hessian, k, active, (b) => (b === i ? slope : 0), 1e-15 * largest);
    levels[label] = Object.fromEntries(
      rewards.values.map((value, j) => {
        const row = (k + j) * width;
        return [value, active.reduce((sum, b, q) => sum + (v[row + b] as number) * (change[q] as number), 0)];
      }),
    );
  }
  return { kl, levels };
}

/** Cov_w within blocks of the k columns of x and the m rewards, (k + m) × (k + m). */
function covariances({ rewards, x, k, order, starts, mass }: Problem, w: Float64Array): Float64Array {
  const m = rewards.values.length;
  const width = k + m;
  const v = new Float64Array(width * width);
  const row = new Float64Array(width);
  const mean = new Float64Array(width);
  const read = (at: number) => {
    const j = order === null ? at : (order[at] as number);
    for (let i = 0; i < k; i++) row[i] = x[at * k + i] as number;
    for (let i = 0; i < m; i++) row[k + i] = rewards.data[j * m + i] as number;
  };
  for (let b = 0; b < mass.length; b++) {
    const [from, to] = [starts[b] as number, starts[b + 1] as number];
    mean.fill(0);
    for (let at = from; at < to; at++) {
      read(at);
      const share = (w[at] as number) / (mass[b] as number);
      for (let i = 0; i < width; i++) mean[i] = (mean[i] as number) + share * (row[i] as number);
    }
    for (let at = from; at < to; at++) {
      const weight = w[at] as number;
      if (weight === 0) continue;
      read(at);
      for (let i = 0; i < width; i++) row[i] = (row[i] as number) - (mean[i] as number);
      for (let p = 0; p < width; p++) {
        const scaled = weight * (row[p] as number);
        for (let q = 0; q < width; q++) v[p * width + q] = (v[p * width + q] as number) + scaled * (row[q] as number);
      }
    }
  }
  return v;
}
