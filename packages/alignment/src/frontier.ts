import { AlignmentError } from "./alignment-error.ts";
import type { Goal, Palette } from "./palette.ts";
import { paletteFrom } from "./palette.ts";
import { prices } from "./prices.ts";
import type { DualKind } from "./problem.ts";
import { makeProblem } from "./problem.ts";
import { resolvePalette } from "./resolve.ts";
import { column, type Rewards } from "./rewards.ts";
import { firstAnswers } from "./select.ts";
import { NEAREST_MARGIN, type Solution, slackOf, solve } from "./solve.ts";

export interface FrontierQuestion {
  /** The value to raise (`humor`, or `humor@group`). */
  readonly raise: string;
  /** What the others are held at. A goal of the raised value is where it starts. */
  readonly hold: Palette;
  readonly dual?: DualKind | undefined;
  /** The most nats that the answer may be away from the base model. */
  readonly kl?: number | undefined;
  /** How many candidates a prompt decoding draws: the question is then asked of the first so many answers of each. */
  readonly candidates?: number | undefined;
  /** Points on the curve, evenly spaced in level. */
  readonly points?: number | undefined;
}

export interface FrontierPoint {
  /** The level of the raised value. */
  readonly level: number;
  readonly kl: number;
  /** dKL/dlevel. */
  readonly price: number;
  readonly ess: number;
  readonly estimable: boolean;
  readonly realised: Readonly<Record<string, number>>;
  readonly lambda: Readonly<Record<string, number>>;
}

export interface Frontier {
  readonly raise: string;
  readonly dual: DualKind;
  /** The level with the others held and the raised value left alone. */
  readonly from: number;
  /** What no weighting of these samples passes while the others hold: the optimum of a linear program. */
  readonly limit: number;
  /** The farthest point that the budget allows. */
  readonly best: FrontierPoint;
  /** What stops it: the budget, or the samples (or candidates) themselves. */
  readonly boundBy: "kl" | "samples" | "candidates";
  readonly points: readonly FrontierPoint[];
}

/**
 * How far one value can be raised while others hold. KL*(c) is convex and increasing in the level c, with slope λ, so the
 * level that spends a budget is found by safeguarded Newton steps; the limit is where the slack of the palette is 0.
 * Throws AlignmentError where the others cannot be held, or cost more than the budget by themselves.
 */
export function frontier(given: Rewards, question: FrontierQuestion): Frontier {
  const { raise, kl: budget, candidates } = question;
  const dual = question.dual ?? (candidates === undefined ? "joint" : "per-prompt");
  if (budget !== undefined && !(budget > 0)) throw new AlignmentError(`a KL budget must be above 0, got ${budget}`);
  if (candidates !== undefined && dual === "joint") {
    throw new AlignmentError("a number of candidates means something under the per-prompt dual only");
  }
  const rewards = candidates === undefined ? given : firstAnswers(given, candidates);
  const held = question.hold.length === 0 ? [] : resolvePalette(rewards, question.hold, dual);
  const others = held.filter((goal) => nameOf(goal) !== raise || goal.target.kind === "share");
  const [raised] = paletteFrom({ [raise]: "mean" }) as readonly [Goal];
  const at = (level: number): Palette => [...others, { ...raised, target: { kind: "level", level } }];

  const { sd, base, least } = originOf(rewards, at(0), dual);
  const alone = solve(rewards, at(least), dual);
  if (!alone.feasible) throw new AlignmentError(`the others cannot be held: ${alone.verdict}`);
  const floor = held.find((goal) => nameOf(goal) === raise && goal.target.kind === "level")?.target;
  const start = alone.realised[raisedLabel(alone)] as number;
  const from = floor?.kind === "level" ? Math.max(start, floor.level) : start;
  const limit = limitOf(rewards, at, Math.max(from, base) + sd, dual);
  const last = limit - NEAREST_MARGIN * sd;
  const point = (level: number): FrontierPoint => pointAt(rewards, at(level), level, dual);
  if (last <= from) {
    throw new AlignmentError(`${raise} cannot be raised: ${from} is the most it reaches while the others hold`);
  }

  const farthest = point(last);
  let best = farthest;
  let boundBy: Frontier["boundBy"] = candidates === undefined ? "samples" : "candidates";
  if (budget !== undefined && farthest.kl > budget) {
    const first = point(from);
    if (first.kl > budget) {
      throw new AlignmentError(
        `holding the others costs KL ${first.kl.toPrecision(4)}, more than the budget of ${budget}`,
      );
    }
    best = spend(point, first, farthest, budget);
    boundBy = "kl";
  }
  const count = question.points ?? 20;
  const points = Array.from({ length: count }, (_, i) =>
    i === count - 1 ? best : point(from + ((best.level - from) * i) / Math.max(1, count - 1)),
  );
  return { raise, dual, from, limit, best, boundBy, points };
}

function pointAt(rewards: Rewards, palette: Palette, level: number, dual: DualKind): FrontierPoint {
  const solution = solve(rewards, palette, dual);
  if (!solution.feasible) throw new AlignmentError(solution.verdict);
  const { kl, ess, estimable, realised, lambda } = solution;
  const raised = solution.goals.at(-1);
  const label = raisedLabel(solution);
  const price = raised?.group === null ? lambda[label] : prices(rewards, palette, dual).kl[label];
  return { level, kl, price: price ?? 0, ess, estimable, realised, lambda };
}

/** The level with KL equal to the budget: Newton from the tangent, kept between the two ends. */
function spend(
  point: (level: number) => FrontierPoint,
  first: FrontierPoint,
  last: FrontierPoint,
  budget: number,
): FrontierPoint {
  let low = first;
  let high = last;
  let here = high;
  for (let step = 0; step < 100 && high.level - low.level > 1e-12 * (Math.abs(high.level) + 1e-300); step++) {
    const tangent = here.price > 0 ? here.level - (here.kl - budget) / here.price : Number.NaN;
    const inside = tangent > low.level && tangent < high.level;
    here = point(inside ? tangent : (low.level + high.level) / 2);
    if (here.kl > budget) high = here;
    else low = here;
    if (Math.abs(here.kl - budget) <= 1e-10 * budget) return here;
  }
  return low;
}

/** The level c at which the slack is 0. It is concave and falls in c with slope −λ: Newton's steps end after finitely many. */
function limitOf(rewards: Rewards, at: (level: number) => Palette, start: number, dual: DualKind): number {
  let level = start;
  for (let step = 0; step < 100; step++) {
    const problem = makeProblem(rewards, at(level), dual);
    const { t, rounding, multipliers } = slackOf(problem);
    const slope = multipliers.at(-1) as number;
    if (slope > 1e-12) {
      if (Math.abs(t) <= 2 * rounding) break;
      level += t / slope;
    } else {
      // Another goal binds at this level: look farther out.
      level += 10 * (problem.constraints.at(-1)?.sd ?? 1) * 2 ** step;
    }
  }
  return level;
}

/** Base level, spread and least reward of the raised goal, which stands last. */
function originOf(rewards: Rewards, palette: Palette, dual: DualKind): { base: number; sd: number; least: number } {
  const raised = makeProblem(rewards, palette, dual).constraints.at(-1);
  if (raised === undefined || raised.constant) {
    throw new AlignmentError(`"${palette.at(-1)?.value}" is the same for all answers; nothing can raise it`);
  }
  let least = Infinity;
  for (const reward of column(rewards, raised.column)) least = Math.min(least, reward);
  return { base: raised.base, sd: raised.sd, least };
}

function raisedLabel({ goals }: Solution): string {
  return goals.at(-1)?.label ?? "";
}

function nameOf({ value, group }: Goal): string {
  return group === undefined ? value : `${value}@${group}`;
}
