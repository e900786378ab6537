import { AlignmentError } from "./alignment-error.ts";
import type { BoundGoal, Palette } from "./palette.ts";
import { bindPalette } from "./palette.ts";
import { quantileInPlace } from "./quantile.ts";
import type { Labels, Rewards } from "./rewards.ts";
import { statisticOf } from "./target.ts";

/**
 * Whose average the targets bind. `joint`: over pairs of prompt and answer, as published (equation 7 of the paper):
 * prompts may be re-weighted. `per-prompt`: each prompt keeps its weight and only its answers are re-weighted, which is
 * what decoding from the candidates of a prompt can do.
 */
export type DualKind = "joint" | "per-prompt";

/** A goal with its level, in the unit of its value. */
export interface Constraint extends BoundGoal {
  /** c_i: what the expectation has to reach. */
  readonly c: number;
  /** The level of the base model. */
  readonly base: number;
  /** Standard deviation of the single answers (population). */
  readonly sd: number;
  /** All answers have the same reward (`base`): no weighting moves it. */
  readonly constant: boolean;
}

/**
 * The sample problem in scaled form. Row j of `x` holds (r_i(x_j, y_j) − c_i)/sd_i of the k constraints that are not
 * constant, so a palette is kept where E_w x ≥ 0. For a group of prompts with share p the entry is 0 outside of the
 * group and divided by p inside, so that its expectation is the group's own.
 */
export interface Problem {
  readonly rewards: Rewards;
  readonly dual: DualKind;
  readonly constraints: readonly Constraint[];
  /** Places in `constraints` of the k that can be moved. */
  readonly movable: readonly number[];
  /** n × k. Rows stand in `order`. */
  readonly x: Float64Array;
  readonly n: number;
  readonly k: number;
  /** 1/sd of the movable constraints: one unit of a target in terms of `x`. */
  readonly unit: Float64Array;
  /** dx/dr: 1/sd, and for a group of prompts with share p, 1/(sd·p). A multiplier times this is per unit of reward. */
  readonly scale: Float64Array;
  /** Sample of each row of `x`; null if they are in the order of the rewards. */
  readonly order: Int32Array | null;
  /** Where the rows of each block begin, and the end. Weight moves within a block, never between blocks. */
  readonly starts: Int32Array;
  /** The weight of each block; the sum is 1. */
  readonly mass: Float64Array;
}

/**
 * Blocks of samples that keep their weight. Under the per-prompt dual the prompts, all alike. Under the joint dual there is
 * one block; but with goals for groups of prompts there is one for each group, with its share of the samples: otherwise
 * a group's target would be met by leaving the group out.
 */
type Blocks = Pick<Problem, "order" | "starts" | "mass">;

/** The least share of prompts with two answers or more for which the per-prompt dual says something. */
const ANSWERED_TWICE = 0.9;

/** Resolves a palette on rewards. Extra memory: 8·n·k bytes, and 8·n while a level is resolved. Throws AlignmentError. */
export function makeProblem(rewards: Rewards, palette: Palette, dual: DualKind = "joint"): Problem {
  if (rewards.n < 2) {
    throw new AlignmentError("one sample says nothing about what can be reached; give the rewards of more answers");
  }
  const goals = bindPalette(rewards, palette);
  const grouped = goals.some(({ groupIndex }) => groupIndex >= 0);
  const blocks = dual === "joint" ? jointBlocks(rewards, grouped) : byPrompt(rewards);
  const { order } = blocks;
  const weight = baseWeights(rewards, blocks);
  const shares = groupShares(rewards, weight);
  const scratch = new Float64Array(rewards.n);
  const constraints = goals.map((goal) => constrain(rewards, goal, weight, scratch));
  const movable = constraints.flatMap(({ constant }, i) => (constant ? [] : [i]));
  const k = movable.length;
  const { n, data, groups } = rewards;
  const m = rewards.values.length;
  const x = new Float64Array(n * k);
  const unit = new Float64Array(k);
  const scales = new Float64Array(k);
  movable.forEach((at, i) => {
    const { column, groupIndex, target, c, sd } = constraints[at] as Constraint;
    const scale = 1 / sd / (groupIndex < 0 ? 1 : (shares[groupIndex] as number));
    unit[i] = 1 / sd;
    scales[i] = scale;
    for (let row = 0; row < n; row++) {
      const j = order === null ? row : (order[row] as number);
      if (groupIndex >= 0 && groups?.of[j] !== groupIndex) continue;
      const statistic = statisticOf(target, data[j * m + column] as number);
      x[row * k + i] = (statistic - c) * scale;
    }
  });
  return { rewards, dual, constraints, movable, x, n, k, unit, scale: scales, ...blocks };
}

function jointBlocks({ n, groups }: Rewards, grouped: boolean): Blocks {
  if (!grouped || groups === undefined) return { order: null, starts: Int32Array.of(0, n), mass: Float64Array.of(1) };
  const { order, starts } = blocksOf(groups, n);
  const mass = Float64Array.from({ length: starts.length - 1 }, (_, b) => {
    return ((starts[b + 1] as number) - (starts[b] as number)) / n;
  });
  return { order, starts, mass };
}

/** The base weight of a sample: 1/n under the joint dual, 1/(prompts · answers of its prompt) under the other. */
function baseWeights({ n }: Rewards, { order, starts, mass }: Blocks): (j: number) => number {
  if (order === null) return () => 1 / n;
  const weights = new Float64Array(n);
  mass.forEach((own, b) => {
    const [from, to] = [starts[b] as number, starts[b + 1] as number];
    for (let row = from; row < to; row++) weights[order[row] as number] = own / (to - from);
  });
  return (j) => weights[j] as number;
}

/** Share of the base model's mass in each group. */
function groupShares(rewards: Rewards, weight: (j: number) => number): Float64Array {
  const shares = new Float64Array(rewards.groups?.names.length ?? 0);
  if (rewards.groups === undefined) return shares;
  rewards.groups.of.forEach((group, j) => {
    shares[group] = (shares[group] as number) + weight(j);
  });
  return shares;
}

function constrain(
  rewards: Rewards,
  goal: BoundGoal,
  weight: (j: number) => number,
  scratch: Float64Array,
): Constraint {
  const { target, groupIndex, label } = goal;
  const m = rewards.values.length;
  let count = 0;
  let mass = 0;
  let sum = 0;
  for (let j = 0; j < rewards.n; j++) {
    if (groupIndex >= 0 && rewards.groups?.of[j] !== groupIndex) continue;
    const statistic = statisticOf(target, rewards.data[j * m + goal.column] as number);
    scratch[count++] = statistic;
    mass += weight(j);
    sum += weight(j) * statistic;
  }
  if (count === 0) throw new AlignmentError(`${label}: no sample is in this group`);
  const numbers = scratch.subarray(0, count);
  const base = sum / mass;
  const { sd, low, high } = spread(numbers);
  if (!Number.isFinite(sd) || !Number.isFinite(base)) {
    throw new AlignmentError(`"${goal.value}" is spread from ${low} to ${high}, too wide for float64; rescale it`);
  }
  const constant = high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high)) || sd === 0;
  const level = constant ? low : base;
  return { ...goal, base: level, sd: constant ? 0 : sd, constant, c: levelOf(goal, level, numbers) };
}

function levelOf({ target }: BoundGoal, base: number, numbers: Float64Array): number {
  switch (target.kind) {
    case "level":
      return target.level;
    case "mean":
      return base;
    case "quantile":
      return quantileInPlace(numbers, target.q);
    case "gain":
      return base + Math.log1p(target.gain);
    case "share":
      return target.share;
  }
}

function spread(numbers: Float64Array): { sd: number; low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  let sum = 0;
  for (const number of numbers) {
    if (number < low) low = number;
    if (number > high) high = number;
    sum += number;
  }
  const mean = sum / numbers.length;
  let squares = 0;
  for (const number of numbers) squares += (number - mean) ** 2;
  return { sd: Math.sqrt(squares / numbers.length), low, high };
}

/** A block for each prompt, all of the same weight. Throws where too few prompts have two answers. */
function byPrompt({ n, prompts }: Rewards): Blocks {
  if (prompts === undefined) {
    throw new AlignmentError(
      "the per-prompt dual needs to know which answers belong to one prompt: give a prompt column, with several answers a prompt",
    );
  }
  const { order, starts } = blocksOf(prompts, n);
  const answered = starts.length - 1;
  let twice = 0;
  for (let p = 0; p < answered; p++) if ((starts[p + 1] as number) - (starts[p] as number) >= 2) twice++;
  if (twice < ANSWERED_TWICE * answered) {
    throw new AlignmentError(
      `the per-prompt dual needs two answers or more for at least 90 % of the prompts; here ${twice} of ${answered} have them. ` +
        "Draw more answers a prompt, or use the joint dual and expect to miss the targets when decoding",
    );
  }
  return { order, starts, mass: new Float64Array(answered).fill(1 / answered) };
}

/** Samples by label, in the order of the labels. Labels that no sample has count for nothing. */
function blocksOf({ names, of }: Labels, n: number): { readonly order: Int32Array; readonly starts: Int32Array } {
  const starts = new Int32Array(names.length + 1);
  for (const label of of) starts[label + 1] = (starts[label + 1] as number) + 1;
  for (let b = 1; b < starts.length; b++) starts[b] = (starts[b] as number) + (starts[b - 1] as number);
  const next = starts.slice();
  const order = new Int32Array(n);
  of.forEach((label, j) => {
    order[next[label] as number] = j;
    next[label] = (next[label] as number) + 1;
  });
  return { order, starts: starts.filter((start, b) => b === 0 || start !== starts[b - 1]) };
}
