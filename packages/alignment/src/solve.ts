import { leastPivot } from "./cholesky.ts";
import type { Dual } from "./dual.ts";
import { makeDual } from "./dual.ts";
import { realisedLevels } from "./levels.ts";
import { nearestReachable } from "./nearest.ts";
import { KKT_TOLERANCE, minimise } from "./newton.ts";
import type { Palette } from "./palette.ts";
import type { Constraint, DualKind, Problem } from "./problem.ts";
import { makeProblem } from "./problem.ts";
import { reachableSet } from "./reachable.ts";
import type { Rewards } from "./rewards.ts";
import { largestSlack } from "./simplex.ts";
import { showTarget } from "./target.ts";
import { verdict } from "./verdict.ts";
import { warningsOf } from "./warnings.ts";

/** A goal and what became of it. Levels are in the unit of the value; λ is per unit of it. */
export interface GoalResult {
  readonly label: string;
  readonly value: string;
  readonly group: string | null;
  /** As it was asked for: "q70". */
  readonly target: string;
  /** c_i. */
  readonly level: number;
  readonly base: number;
  readonly sd: number;
}

interface Common {
  readonly dual: DualKind;
  readonly samples: number;
  readonly prompts: number;
  /** The optimum t of max t subject to E_w r_i ≥ c_i + t, in the rewards' own units. */
  readonly slack: number;
  readonly goals: readonly GoalResult[];
  readonly verdict: string;
  /** What to know before the answer is believed. */
  readonly warnings: readonly string[];
}

/** A palette that can be reached, and how. */
export interface Reachable extends Common {
  readonly feasible: true;
  /** λ_i by label, per unit of reward; that of a group counts for answers to its prompts only. */
  readonly lambda: Readonly<Record<string, number>>;
  /** E_w r of every value, and of every goal under its label. */
  readonly realised: Readonly<Record<string, number>>;
  /** KL(p_λ ‖ p_0) on the sample, in nats. */
  readonly kl: number;
  /** 1/Σ w_j²: how many samples the answer rests on. */
  readonly ess: number;
  readonly maxWeight: number;
  readonly kkt: number;
  readonly iterations: number;
  /** False where too few samples carry the answer for it to hold outside of them. */
  readonly estimable: boolean;
}

/** A palette that no weighting of the samples reaches. */
export interface Unreachable extends Common {
  readonly feasible: false;
  /** The labels that cannot be had together: those with a multiplier in the linear program. */
  readonly conflict: readonly string[];
  /** These multipliers: λ ≥ 0, Σλ = 1, λ·r_j < λ·c for every sample. */
  readonly certificate: Readonly<Record<string, number>>;
  /** The reachable levels c' ≤ c with the least Σ((c − c')/sd)², with 1e-3 sd to spare, by label. */
  readonly nearest: Readonly<Record<string, number>>;
}

export type Solution = Reachable | Unreachable;

/** How far inside the reachable set the nearest palette lies, in standard deviations. */
export const NEAREST_MARGIN = 1e-3;

/**
 * Solves a palette on a sample: is it reachable, and with which multipliers.
 * Theorem 1 and equation (7) of the paper for the joint dual; its per-prompt form by section 3.3 of the notes.
 * Throws AlignmentError for a palette or rewards that cannot be right.
 */
export function solve(rewards: Rewards, palette: Palette, dual: DualKind = "joint"): Solution {
  const problem = makeProblem(rewards, palette, dual);
  const slack = slackOf(problem);
  if (slack.t < -slack.rounding) return unreachable(problem, slack);
  const found = multipliers(problem);
  if (!slack.inside && !found.attained) return unreachable(problem, slack);
  return reachable(problem, slack.t, found);
}

export interface SlackOfPalette {
  readonly t: number;
  readonly rounding: number;
  /** Some weighting exceeds all levels that can be moved, so that finite multipliers exist. */
  readonly inside: boolean;
  /** Multipliers of the raw constraints, by their place; they sum to 1. */
  readonly multipliers: readonly number[];
}

/** Phase 1: the largest t that all goals can exceed their levels by, in raw units. */
export function slackOf(problem: Problem): SlackOfPalette {
  const { constraints, movable, unit, k } = problem;
  const multipliers = constraints.map(() => 0);
  let t = Infinity;
  let rounding = 0;
  if (k > 0) {
    const found = largestSlack(reachableSet(problem), unit);
    ({ t, rounding } = found);
    movable.forEach((at, i) => {
      multipliers[at] = (found.lambda[i] as number) * (unit[i] as number);
    });
  }
  const inside = t > rounding;
  // A constant value has the same gap under all weights.
  constraints.forEach(({ constant, base, c }, i) => {
    if (!constant || base - c >= t) return;
    t = base - c;
    rounding = 1e-12 * Math.max(Math.abs(base), Math.abs(c));
    multipliers.fill(0);
    multipliers[i] = 1;
  });
  return { t, rounding, inside, multipliers };
}

export interface FoundMultipliers {
  readonly dual: Dual;
  /** In scaled terms, for the movable constraints. */
  readonly lambda: Float64Array;
  readonly kkt: number;
  readonly iterations: number;
  /** True where the minimum is a minimum and not a limit at infinity. */
  readonly attained: boolean;
}

/** Phase 2: the multipliers. */
export function multipliers(problem: Problem, from?: Float64Array): FoundMultipliers {
  const dual = makeDual(problem);
  const { lambda, kkt, iterations } = minimise(dual, problem.k, from);
  // Towards infinity the samples that are not on the face die out; e^-16 is 1e-7.
  const attained = kkt <= KKT_TOLERANCE && dual.aim(lambda) <= 16;
  return { dual, lambda, kkt, iterations, attained };
}

function reachable(problem: Problem, slack: number, { dual, lambda, kkt, iterations }: FoundMultipliers): Reachable {
  const weights = dual.weights();
  let squares = 0;
  let maxWeight = 0;
  for (const weight of weights) {
    squares += weight * weight;
    if (weight > maxWeight) maxWeight = weight;
  }
  const ess = 1 / squares;
  const raw: Record<string, number> = {};
  for (const { label } of problem.constraints) raw[label] = 0;
  problem.movable.forEach((at, i) => {
    raw[(problem.constraints[at] as Constraint).label] = (lambda[i] as number) * (problem.scale[i] as number);
  });
  const found = {
    feasible: true,
    slack,
    lambda: raw,
    realised: realisedLevels(problem, weights),
    kl: dual.divergence(),
    ess,
    maxWeight,
    kkt,
    iterations,
    estimable: ess >= ENOUGH_SAMPLES && promptsOf(problem) >= ENOUGH_SAMPLES,
    ...common(problem, isSingular(dual, lambda)),
  } as const;
  return { ...found, verdict: verdict(found) };
}

/** Whether active goals depend on each other linearly, as far as rounding can tell, at the point where the dual stands. */
function isSingular(dual: Dual, lambda: Float64Array): boolean {
  const active = Array.from(lambda.keys()).filter((i) => (lambda[i] as number) > 0);
  if (active.length < 2) return false;
  const g = new Float64Array(lambda.length);
  const h = new Float64Array(active.length ** 2);
  dual.gradient(g);
  dual.hessian(g, h, active);
  return leastPivot(h, active.length) < 1e-10;
}

/** Below this effective sample size a palette is called not estimable. */
export const ENOUGH_SAMPLES = 50;

function unreachable(problem: Problem, { t, multipliers }: SlackOfPalette): Unreachable {
  const { constraints, movable, k } = problem;
  const least = 1e-6;
  const short = k === 0 ? new Float64Array(0) : nearestReachable(reachableSet(problem), NEAREST_MARGIN);
  const nearest: Record<string, number> = {};
  for (const { label, c, base, constant } of constraints) nearest[label] = constant ? Math.min(c, base) : c;
  movable.forEach((at, i) => {
    const { label, c, sd } = constraints[at] as Constraint;
    nearest[label] = c - sd * (short[i] as number);
  });
  const certificate: Record<string, number> = {};
  constraints.forEach(({ label }, i) => {
    certificate[label] = multipliers[i] as number;
  });
  const found = {
    feasible: false,
    slack: t,
    conflict: constraints.flatMap(({ label }, i) => ((multipliers[i] as number) > least ? [label] : [])),
    certificate,
    nearest,
    ...common(problem, false),
  } as const;
  return { ...found, verdict: verdict(found) };
}

function common(problem: Problem, singular: boolean) {
  return {
    dual: problem.dual,
    samples: problem.n,
    prompts: promptsOf(problem),
    goals: problem.constraints.map(goalResult),
    warnings: warningsOf(problem, singular),
  };
}

function promptsOf({ rewards, dual, mass }: Problem): number {
  if (dual === "per-prompt") return mass.length;
  if (rewards.prompts === undefined) return rewards.n;
  const seen = new Uint8Array(rewards.prompts.names.length);
  for (const prompt of rewards.prompts.of) seen[prompt] = 1;
  return seen.reduce((sum, one) => sum + one, 0);
}

function goalResult({ label, value, group, target, c, base, sd }: Constraint): GoalResult {
  return { label, value, group: group ?? null, target: showTarget(target), level: c, base, sd };
}
