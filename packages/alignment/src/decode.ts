import type { Rng } from "@concord/engine/random";
import { AlignmentError } from "./alignment-error.ts";
import type { Target } from "./target.ts";
import { statisticOf } from "./target.ts";

/** A multiplier and what it multiplies: enough to serve a palette. */
export interface ServedGoal {
  readonly value: string;
  readonly group?: string | undefined;
  readonly target: Target;
  readonly lambda: number;
}

/** R(x, y) = λ·r of one answer. Goals of other groups count for nothing. Throws AlignmentError for a missing reward. */
export function score(goals: readonly ServedGoal[], rewards: Readonly<Record<string, number>>, group?: string): number {
  let sum = 0;
  for (const { value, group: own, target, lambda } of goals) {
    if (lambda === 0 || (own !== undefined && own !== group)) continue;
    const reward = Object.hasOwn(rewards, value) ? rewards[value] : undefined;
    if (reward === undefined || !Number.isFinite(reward)) {
      throw new AlignmentError(`a candidate has ${reward === undefined ? "no reward" : reward} for "${value}"`);
    }
    sum += lambda * statisticOf(target, reward);
  }
  return sum;
}

/** softmax_i(λ·r_i): the probabilities with which MAP-D picks among candidates (Algorithm 1), safe from overflow. */
export function pickWeights(scores: readonly number[]): number[] {
  if (scores.length === 0) throw new AlignmentError("there are no candidates to pick from");
  const top = Math.max(...scores);
  const terms = scores.map((one) => Math.exp(one - top));
  const sum = terms.reduce((total, term) => total + term, 0);
  return terms.map((term) => term / sum);
}

/** An index drawn with the given probabilities. */
export function draw(weights: readonly number[], random: Rng): number {
  let left = random.uniform();
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i] as number;
    if (left < 0) return i;
  }
  return weights.findLastIndex((weight) => weight > 0);
}
