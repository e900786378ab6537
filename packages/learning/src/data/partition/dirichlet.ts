import type { Key, Rng } from "@concord/engine";
import { dirichlet, permutation, rng, split } from "@concord/engine";
import { joinRows, shuffledByClass } from "./by-class.ts";
import type { Rows } from "./iid.ts";

export interface DirichletRule {
  /** Concentration β > 0: the smaller, the less alike are the parties. */
  readonly beta: number;
  /** Examples that every party has at least. Default 10, as published, or half of an equal share where that is less. */
  readonly minimum?: number | undefined;
}

/** Draws before the shares are repaired by hand. */
const ATTEMPTS = 50;

/**
 * Label skew by a Dirichlet distribution ("non-iid-d-β"): the examples of each class are shared among the parties in
 * proportions drawn from Dir(β).
 *
 * As in the published experiments (Li et al. 2022, NIID-Bench; DynamicFL section 5), a party that already holds an equal
 * share of all examples gets none of the classes that follow, and the draw is repeated until every party has the
 * minimum. Unlike them, the draw ends: after 50 attempts the best one is repaired by moving examples at random from
 * the largest parties to those that lack some. Every example is used once.
 * Throws RangeError if β is not above 0 or the minimum cannot be met.
 */
export function dirichletPartition(
  labels: ArrayLike<number>,
  classes: number,
  parties: number,
  rule: DirichletRule,
  key: Key,
): readonly Rows[] {
  const { beta } = rule;
  const share = labels.length / parties;
  const minimum = rule.minimum ?? Math.max(1, Math.min(10, Math.floor(share / 2)));
  if (!(beta > 0 && Number.isFinite(beta))) throw new RangeError(`beta must be a number above 0, got ${beta}`);
  if (!(parties >= 1 && minimum <= share)) {
    throw new RangeError(`${labels.length} examples do not give ${parties} parties at least ${minimum} each`);
  }

  const byClass = shuffledByClass(labels, classes, key);
  let best: Rows[] = [];
  let most = -1;
  for (let attempt = 0; attempt < ATTEMPTS && most < minimum; attempt++) {
    const drawn = draw(byClass, parties, share, beta, rng(split(key, "attempt", attempt)));
    const smallest = Math.min(...drawn.map((rows) => rows.length));
    if (smallest > most) {
      most = smallest;
      best = drawn;
    }
  }
  return most < minimum ? repair(best, minimum, rng(split(key, "repair"))) : best;
}

function draw(byClass: readonly Rows[], parties: number, share: number, beta: number, r: Rng): Rows[] {
  const hands: Rows[][] = Array.from({ length: parties }, () => []);
  const sizes = new Array<number>(parties).fill(0);
  // The order of the classes decides whom the cap hits, so it is drawn too.
  for (const c of permutation(r, byClass.length)) {
    const rows = byClass[c] as Rows;
    const drawn = dirichlet(r, beta, parties);
    const open = drawn.map((p, j) => ((sizes[j] as number) < share ? p : 0));
    const total = open.reduce((a, b) => a + b, 0);
    const weights = total > 0 ? open : drawn;
    const sum = total > 0 ? total : 1;

    let cumulative = 0;
    let start = 0;
    for (const [j, hand] of hands.entries()) {
      cumulative += weights[j] as number;
      const end = j === parties - 1 ? rows.length : Math.min(rows.length, Math.round((rows.length * cumulative) / sum));
      hand.push(rows.subarray(start, end));
      sizes[j] = (sizes[j] as number) + end - start;
      start = end;
    }
  }
  return hands.map(joinRows);
}

function repair(parts: readonly Rows[], minimum: number, r: Rng): Rows[] {
  const hands = parts.map((rows) => Array.from(rows));
  for (const hand of hands) {
    while (hand.length < minimum) {
      const giver = hands.reduce((a, b) => (b.length > a.length ? b : a));
      hand.push(...giver.splice(r.below(giver.length), 1));
    }
  }
  return hands.map((hand) => Int32Array.from(hand).sort());
}
