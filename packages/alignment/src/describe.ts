import { solveSymmetric } from "./cholesky.ts";
import { quantileOfSorted } from "./quantile.ts";
import type { Rewards } from "./rewards.ts";
import { column } from "./rewards.ts";
import { samplesByPrompt } from "./select.ts";

/** The quantiles that a description holds, in per cent. */
export const DESCRIBED_QUANTILES = [1, 5, 10, 25, 50, 60, 70, 75, 80, 90, 95, 99] as const;

export interface ValueDescription {
  readonly value: string;
  readonly mean: number;
  /** Population standard deviation. */
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  /** `q50` and so on, linear between order statistics. */
  readonly quantiles: Readonly<Record<string, number>>;
  /** Variance between answers to one prompt (mean square within), or null if no prompt has two answers. */
  readonly withinVariance: number | null;
  /** What is left of the variance: between prompts, out of reach for decoding. Can be below 0 by chance. */
  readonly betweenVariance: number | null;
  /** Within over total; above 1 by chance. */
  readonly withinShare: number | null;
  /** R² of this value on the others: 1 means that it follows from them and its multiplier is not determined. */
  readonly explainedByOthers: number;
  readonly constant: boolean;
}

export interface Description {
  readonly samples: number;
  readonly prompts: number;
  /** Prompts with two answers or more. */
  readonly promptsAnsweredTwice: number;
  readonly values: readonly ValueDescription[];
  /** Pearson's correlations, by value and value; null with a constant. */
  readonly correlations: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** What is odd about the rewards, in words. */
  readonly warnings: readonly string[];
}

/** What the rewards of a base model look like, before anything is asked of them. */
export function describeRewards(rewards: Rewards): Description {
  const { values, n } = rewards;
  const sets = samplesByPrompt(rewards);
  const moments = momentsOf(rewards);
  const descriptions = values.map((value, i): ValueDescription => {
    const numbers = column(rewards, i);
    const { within, degrees } = withinSquares(numbers, sets);
    const sorted = numbers.sort();
    const [min, max] = [sorted[0] as number, sorted[n - 1] as number];
    const constant = max - min <= 1e-12 * Math.max(Math.abs(min), Math.abs(max));
    const variance = moments.covariance(i, i);
    const total = n > 1 ? (variance * n) / (n - 1) : 0;
    const withinVariance = degrees > 0 ? within / degrees : null;
    return {
      value,
      mean: moments.mean[i] as number,
      sd: constant ? 0 : Math.sqrt(variance),
      min,
      max,
      quantiles: Object.fromEntries(DESCRIBED_QUANTILES.map((q) => [`q${q}`, quantileOfSorted(sorted, q / 100)])),
      withinVariance,
      betweenVariance: withinVariance === null ? null : total - withinVariance,
      withinShare: withinVariance === null || constant ? null : withinVariance / total,
      explainedByOthers: 0,
      constant,
    };
  });
  const moving = descriptions.flatMap(({ constant }, i) => (constant ? [] : [i]));
  const correlation = (a: number, b: number) => {
    if (!moving.includes(a) || !moving.includes(b)) return null;
    return a === b ? 1 : moments.covariance(a, b) / Math.sqrt(moments.covariance(a, a) * moments.covariance(b, b));
  };
  const explained = descriptions.map((one, i) => ({ ...one, explainedByOthers: explainedBy(i, moving, correlation) }));
  return {
    samples: n,
    prompts: sets.length,
    promptsAnsweredTwice: sets.filter(({ length }) => length > 1).length,
    values: explained,
    correlations: Object.fromEntries(
      values.map((a, i) => [a, Object.fromEntries(values.map((b, j) => [b, correlation(i, j)]))]),
    ),
    warnings: warningsOf(explained, correlation),
  };
}

function warningsOf(
  values: readonly ValueDescription[],
  correlation: (a: number, b: number) => number | null,
): string[] {
  const warnings: string[] = [];
  values.forEach(({ value, constant, explainedByOthers }, i) => {
    if (constant) warnings.push(`${value} is the same for all answers: nothing can move it`);
    const twins = values.slice(0, i).filter((_, j) => Math.abs(correlation(i, j) ?? 0) > 1 - 1e-9);
    for (const twin of twins) {
      warnings.push(
        `${value} and ${twin.value} say the same (correlation ${correlation(i, values.indexOf(twin))?.toFixed(0)})`,
      );
    }
    if (twins.length === 0 && explainedByOthers > 1 - 1e-9) {
      warnings.push(`${value} follows from the other values: their multipliers are not determined one by one`);
    }
  });
  return warnings;
}

function momentsOf({ data, values, n }: Rewards): {
  readonly mean: Float64Array;
  readonly covariance: (a: number, b: number) => number;
} {
  const m = values.length;
  const mean = new Float64Array(m);
  for (let at = 0; at < n * m; at++) mean[at % m] = (mean[at % m] as number) + (data[at] as number) / n;
  const squares = new Float64Array(m * m);
  for (let j = 0; j < n; j++) {
    for (let a = 0; a < m; a++) {
      const off = (data[j * m + a] as number) - (mean[a] as number);
      for (let b = a; b < m; b++) {
        squares[a * m + b] = (squares[a * m + b] as number) + off * ((data[j * m + b] as number) - (mean[b] as number));
      }
    }
  }
  return { mean, covariance: (a, b) => (squares[Math.min(a, b) * m + Math.max(a, b)] as number) / n };
}

/** Sum of squares about the means of prompts with two answers or more, and its degrees of freedom. */
function withinSquares(numbers: Float64Array, sets: readonly Int32Array[]): { within: number; degrees: number } {
  let within = 0;
  let degrees = 0;
  for (const set of sets) {
    if (set.length < 2) continue;
    let sum = 0;
    for (const j of set) sum += numbers[j] as number;
    const mean = sum / set.length;
    for (const j of set) within += ((numbers[j] as number) - mean) ** 2;
    degrees += set.length - 1;
  }
  return { within, degrees };
}

/** R² of one value on the others, from their correlations. */
function explainedBy(
  i: number,
  moving: readonly number[],
  correlation: (a: number, b: number) => number | null,
): number {
  if (!moving.includes(i)) return 0;
  const others = moving.filter((j) => j !== i);
  const k = others.length;
  if (k === 0) return 0;
  const matrix = Float64Array.from({ length: k * k }, (_, at) =>
    Number(correlation(others[Math.floor(at / k)] as number, others[at % k] as number)),
  );
  const to = (a: number) => Number(correlation(others[a] as number, i));
  const slopes = solveSymmetric(matrix, k, Array.from(others.keys()), to, 1e-12);
  const share = slopes.reduce((sum, slope, a) => sum + slope * to(a), 0);
  return Math.min(1, Math.max(0, share));
}
