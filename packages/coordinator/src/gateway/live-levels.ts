import { statisticOf } from "@concord/alignment";
import type { LiveLevels } from "@concord/protocol";
import type { LiveSums } from "../store/contract.ts";
import type { ScoredCandidate } from "./candidates.ts";
import type { LabelledGoal } from "./served-palette.ts";

/** Requests before there is an interval: fewer are too few for the normal approximation. */
const ENOUGH = 30;
const NO_REQUESTS: LiveSums = { requests: 0, candidates: 0, failed: 0, levels: {} };

/**
 * The sums after one more request. What counts is its expectation Σ_i w_i r_i over the candidates, which says more than the
 * one that was picked. Means and squares by Welford's updates.
 */
export function withRequest(
  before: LiveSums | null,
  goals: readonly LabelledGoal[],
  candidates: readonly ScoredCandidate[],
  weights: readonly number[],
  failed: number,
): LiveSums {
  const sums = before ?? NO_REQUESTS;
  const requests = sums.requests + 1;
  const levels = goals.map(({ label, value, target }) => {
    const level = candidates.reduce(
      (sum, { rewards }, i) => sum + (weights[i] as number) * statisticOf(target, rewards[value] as number),
      0,
    );
    const { mean, squares } = sums.levels[label] ?? { mean: 0, squares: 0 };
    const after = mean + (level - mean) / requests;
    return [label, { mean: after, squares: squares + (level - mean) * (level - after) }] as const;
  });
  return {
    requests,
    candidates: sums.candidates + candidates.length,
    failed: sums.failed + failed,
    levels: Object.fromEntries(levels),
  };
}

/** The levels so far beside their targets. */
export function liveLevels(sums: LiveSums | null, goals: readonly LabelledGoal[]): LiveLevels | null {
  if (sums === null) return null;
  const { requests, candidates, failed } = sums;
  return {
    requests,
    candidates,
    failed,
    levels: goals.map(({ label, level: target, sd, lambda }) => {
      const { mean, squares } = sums.levels[label] ?? { mean: 0, squares: 0 };
      if (requests < ENOUGH) return { label, target, mean, interval: null, drift: false };
      const half = 1.96 * Math.sqrt(squares / (requests - 1) / requests);
      const [low, high] = [mean - half, mean + half];
      // Targets are lower bounds: only one that was bought (λ > 0) has a price to save where it is exceeded.
      const rounding = 1e-6 * sd;
      const drift = high < target - rounding || (lambda > 0 && low > target + rounding);
      return { label, target, mean, interval: [low, high] as [number, number], drift };
    }),
  };
}
