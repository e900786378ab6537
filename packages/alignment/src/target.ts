import { AlignmentError } from "./alignment-error.ts";

/** What is asked of one value. Every target is a lower bound on an expectation. */
export type Target =
  /** The expected reward is at least this level. */
  | { readonly kind: "level"; readonly level: number }
  /** … at least the base model's mean: "do not get worse". */
  | { readonly kind: "mean" }
  /** … at least the q-quantile of the base model's single answers, q in [0, 1]. */
  | { readonly kind: "quantile"; readonly q: number }
  /** For rewards that are log-probabilities: the geometric mean of the probability changes by this share. */
  | { readonly kind: "gain"; readonly gain: number }
  /** At least this share of the answers has a reward of `threshold` or more. */
  | { readonly kind: "share"; readonly share: number; readonly threshold: number };

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const LEVEL = new RegExp(`^${NUMBER}$`, "i");
const QUANTILE = new RegExp(`^q(${NUMBER})$`, "i");
const GAIN = /^([+-](?:\d+\.?\d*|\.\d+))\s*%$/;
const SHARE = new RegExp(`^p(${NUMBER})\\s*>=\\s*(${NUMBER})$`, "i");

/** Reads `2.46`, `mean`, `q70`, `+25%` or `p95>=1.2`. Throws AlignmentError that says what is possible. */
export function parseTarget(text: string): Target {
  const trimmed = text.trim();
  if (trimmed === "mean") return { kind: "mean" };
  if (LEVEL.test(trimmed)) {
    const level = Number(trimmed);
    if (Number.isFinite(level)) return { kind: "level", level };
  }
  const quantile = QUANTILE.exec(trimmed);
  if (quantile) return { kind: "quantile", q: percent(quantile[1], 0, 100, text) };
  const gain = GAIN.exec(trimmed);
  if (gain) return { kind: "gain", gain: percent(gain[1], -99.999, 1e9, text) };
  const share = SHARE.exec(trimmed);
  if (share) {
    return { kind: "share", share: percent(share[1], 0, 100, text), threshold: Number(share[2]) };
  }
  throw new AlignmentError(
    `"${text}" is no target; write a level such as 2.46, mean, q70 (a quantile in per cent), +25% (log-probabilities) or p95>=1.2`,
  );
}

/** A target as `parseTarget` reads it. */
export function showTarget(target: Target): string {
  switch (target.kind) {
    case "level":
      return String(target.level);
    case "mean":
      return "mean";
    case "quantile":
      return `q${short(100 * target.q)}`;
    case "gain":
      return `${target.gain < 0 ? "" : "+"}${short(100 * target.gain)}%`;
    case "share":
      return `p${short(100 * target.share)}>=${target.threshold}`;
  }
}

/** What of a reward the target bounds the expectation of: the reward, or whether it reaches the threshold. */
export function statisticOf(target: Target, reward: number): number {
  return target.kind === "share" ? (reward >= target.threshold ? 1 : 0) : reward;
}

function percent(text: string | undefined, least: number, most: number, whole: string): number {
  const number = Number(text);
  if (!(number >= least && number <= most)) {
    throw new AlignmentError(`"${whole}": ${text} % is out of range, it must be between ${least} and ${most}`);
  }
  return number / 100;
}

/** 70, not 70.00000000000001. */
function short(number: number): number {
  return Number(number.toPrecision(12));
}
