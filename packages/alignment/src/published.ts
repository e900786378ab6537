import type { Palette } from "./palette.ts";
import type { Constraint } from "./problem.ts";
import { makeProblem } from "./problem.ts";
import type { Rewards } from "./rewards.ts";
import { statisticOf } from "./target.ts";

export interface PublishedRun {
  /** No multiplier was NaN or infinite: the whole feasibility test of the published code. */
  readonly success: boolean;
  readonly lambda: Readonly<Record<string, number>>;
  /** The step (from 1) whose exponential overflowed a float32, if one did. */
  readonly overflowAt: number | null;
}

export interface PublishedOptions {
  readonly steps?: number;
  readonly learningRate?: number;
  /** Take the largest exponent out before exponentiating, which the published code does not do. */
  readonly logSumExp?: boolean;
}

/**
 * The published procedure (Algorithm 1 and the authors' code): 150 steps of Adam (rate 0.1, β 0.9 and 0.999, ε 1e-8) on
 * τ = log λ from λ = 1, for the loss log mean_j e^{λᵀr_j} − λᵀc in float32 with a plain exponential, and "infeasible" where
 * a multiplier stops being finite. Kept for comparison: it does not reach the optimum (multipliers that should be 0 end
 * at 0.01 to 0.05) and calls reachable palettes infeasible when λᵀr passes 88.7, where float32 ends.
 */
export function publishedProcedure(
  rewards: Rewards,
  palette: Palette,
  { steps = 150, learningRate = 0.1, logSumExp = false }: PublishedOptions = {},
): PublishedRun {
  const { constraints } = makeProblem(rewards, palette);
  const k = constraints.length;
  const { n } = rewards;
  const r = statistics(rewards, constraints);
  const c = Float32Array.from(constraints, (one) => one.c);
  const tau = new Float32Array(k);
  const lambda = new Float32Array(k);
  const first = new Float32Array(k);
  const second = new Float32Array(k);
  const gradient = new Float64Array(k);
  let overflowAt: number | null = null;

  for (let step = 1; step <= steps; step++) {
    for (let i = 0; i < k; i++) lambda[i] = Math.exp(tau[i] as number);
    const sum = weightedSums(r, n, k, lambda, gradient, logSumExp);
    if (!Number.isFinite(sum)) overflowAt ??= step;
    for (let i = 0; i < k; i++) {
      // d/dτ = λ·d/dλ; an infinite sum over an infinite sum is NaN, as there.
      const slope = Math.fround((lambda[i] as number) * ((gradient[i] as number) / sum - (c[i] as number)));
      first[i] = 0.9 * (first[i] as number) + 0.1 * slope;
      second[i] = 0.999 * (second[i] as number) + 0.001 * slope * slope;
      const mean = (first[i] as number) / (1 - 0.9 ** step);
      const root = Math.sqrt((second[i] as number) / (1 - 0.999 ** step));
      tau[i] = (tau[i] as number) - (learningRate * mean) / (root + 1e-8);
    }
  }
  for (let i = 0; i < k; i++) lambda[i] = Math.exp(tau[i] as number);
  return {
    success: lambda.every(Number.isFinite),
    lambda: Object.fromEntries(constraints.map(({ label }, i) => [label, lambda[i] as number])),
    overflowAt,
  };
}

/** Σ_j e^{λᵀr_j} in float32, and Σ_j e^{λᵀr_j} r_j. With log-sum-exp both are divided by the largest term. */
function weightedSums(
  r: Float32Array,
  n: number,
  k: number,
  lambda: Float32Array,
  sums: Float64Array,
  logSumExp: boolean,
): number {
  let top = 0;
  if (logSumExp) {
    top = -Infinity;
    for (let j = 0; j < n; j++) top = Math.max(top, score(r, j * k, k, lambda));
  }
  sums.fill(0);
  let sum = 0;
  for (let j = 0; j < n; j++) {
    const e = Math.fround(Math.exp(score(r, j * k, k, lambda) - top));
    sum = Math.fround(sum + e);
    for (let i = 0; i < k; i++) sums[i] = (sums[i] as number) + e * (r[j * k + i] as number);
  }
  return sum;
}

function score(r: Float32Array, at: number, k: number, lambda: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < k; i++) sum += (lambda[i] as number) * (r[at + i] as number);
  return Math.fround(sum);
}

function statistics({ data, values, n }: Rewards, constraints: readonly Constraint[]): Float32Array {
  const m = values.length;
  const k = constraints.length;
  const r = new Float32Array(n * k);
  for (let j = 0; j < n; j++) {
    constraints.forEach(({ column, target }, i) => {
      r[j * k + i] = statisticOf(target, data[j * m + column] as number);
    });
  }
  return r;
}
