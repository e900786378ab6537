import { type Key, permutation, rng, split } from "@concord/engine/random";
import { AlignmentError } from "./alignment-error.ts";
import { makeDual } from "./dual.ts";
import { realisedLevels } from "./levels.ts";
import type { Palette } from "./palette.ts";
import type { DualKind, Problem } from "./problem.ts";
import { makeProblem } from "./problem.ts";
import { quantileInPlace } from "./quantile.ts";
import { resolvePalette } from "./resolve.ts";
import type { Rewards } from "./rewards.ts";
import { samplesByPrompt, takePrompts } from "./select.ts";
import { type Reachable, solve } from "./solve.ts";

/** Low and high end of a 95 % interval. */
export type Interval = readonly [low: number, high: number];

export interface Bootstrap {
  readonly resamples: number;
  /** How many of them could not reach the palette; they are in no interval. */
  readonly unreachable: number;
  readonly lambda: Readonly<Record<string, Interval>>;
  readonly kl: Interval;
  /** What the multipliers of the full sample give on the resamples. */
  readonly realised: Readonly<Record<string, Interval>>;
}

/**
 * Percentile intervals from resampling prompts, each with all its answers (answers to one prompt are not independent).
 * The levels of the palette stay those of the full sample. Throws AlignmentError where it cannot be reached there.
 */
export function bootstrap(
  rewards: Rewards,
  palette: Palette,
  {
    key,
    resamples = 200,
    dual = "joint",
  }: { readonly key: Key; readonly resamples?: number; readonly dual?: DualKind },
): Bootstrap {
  const fixed = resolvePalette(rewards, palette, dual);
  const whole = reachableOrThrow(rewards, fixed, dual);
  const sets = samplesByPrompt(rewards);
  const lambdas: Record<string, number>[] = [];
  const levels: Record<string, number>[] = [];
  const kls: number[] = [];
  for (let b = 0; b < resamples; b++) {
    const random = rng(split(key, "bootstrap", b));
    const drawn = takePrompts(
      rewards,
      sets.map(() => sets[random.below(sets.length)] as Int32Array),
    );
    levels.push(levelsOf(makeProblem(drawn, fixed, dual), whole));
    const solution = solve(drawn, fixed, dual);
    if (!solution.feasible) continue;
    lambdas.push({ ...solution.lambda });
    kls.push(solution.kl);
  }
  return {
    resamples,
    unreachable: resamples - lambdas.length,
    lambda: intervals(Object.keys(whole.lambda), lambdas),
    kl: interval(kls),
    realised: intervals(Object.keys(whole.realised), levels),
  };
}

export interface HeldOut {
  readonly splits: number;
  /** How many halves could not reach the palette; they are in no mean. */
  readonly unreachable: number;
  /** By goal: mean and standard deviation over splits of the level on the half that was not fitted, less the target. */
  readonly miss: Readonly<Record<string, { readonly mean: number; readonly sd: number }>>;
}

/** Fits on half of the prompts and looks at the other half, again and again. Throws as `bootstrap`. */
export function heldOut(
  rewards: Rewards,
  palette: Palette,
  { key, splits = 20, dual = "joint" }: { readonly key: Key; readonly splits?: number; readonly dual?: DualKind },
): HeldOut {
  const fixed = resolvePalette(rewards, palette, dual);
  const whole = reachableOrThrow(rewards, fixed, dual);
  const sets = samplesByPrompt(rewards);
  if (sets.length < 4) throw new AlignmentError(`a held-out check needs 4 prompts or more, there are ${sets.length}`);
  const misses: Record<string, number>[] = [];
  for (let s = 0; s < splits; s++) {
    const order = Array.from(permutation(rng(split(key, "held-out", s)), sets.length), (p) => sets[p] as Int32Array);
    const half = order.length >> 1;
    const solution = solve(takePrompts(rewards, order.slice(0, half)), fixed, dual);
    if (!solution.feasible) continue;
    const other = makeProblem(takePrompts(rewards, order.slice(half)), fixed, dual);
    const levels = levelsOf(other, solution);
    misses.push(Object.fromEntries(whole.goals.map(({ label, level }) => [label, (levels[label] as number) - level])));
  }
  const miss = whole.goals.map(({ label }) => {
    const all = misses.map((one) => one[label] as number);
    const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
    const sd = Math.sqrt(all.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, all.length - 1));
    return [label, { mean, sd }] as const;
  });
  return { splits, unreachable: splits - misses.length, miss: Object.fromEntries(miss) };
}

/** What given multipliers realise on the samples of a problem, as `solve` reports it. */
export function levelsOf(problem: Problem, { lambda }: Pick<Reachable, "lambda">): Record<string, number> {
  const dual = makeDual(problem);
  const scaled = Float64Array.from(problem.movable, (at, i) => {
    const raw = lambda[problem.constraints[at]?.label ?? ""] ?? 0;
    return raw / (problem.scale[i] as number);
  });
  dual.moveTo(scaled);
  return realisedLevels(problem, dual.weights());
}

function reachableOrThrow(rewards: Rewards, palette: Palette, dual: DualKind): Reachable {
  const solution = solve(rewards, palette, dual);
  if (!solution.feasible) throw new AlignmentError(solution.verdict);
  return solution;
}

function intervals(names: readonly string[], draws: readonly Record<string, number>[]): Record<string, Interval> {
  return Object.fromEntries(names.map((name) => [name, interval(draws.map((one) => one[name] as number))]));
}

function interval(draws: readonly number[]): Interval {
  if (draws.length === 0) return [Number.NaN, Number.NaN];
  const sorted = Float64Array.from(draws);
  return [quantileInPlace(sorted, 0.025), quantileInPlace(sorted, 0.975)];
}
