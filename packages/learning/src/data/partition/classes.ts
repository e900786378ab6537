import type { Key, Rng } from "@concord/engine";
import { permutation, rng, split } from "@concord/engine";
import { joinRows, shuffledByClass } from "./by-class.ts";
import type { Rows } from "./iid.ts";
import { cutEvenly } from "./iid.ts";

/**
 * Parties that know exactly K classes each ("non-iid-l-K"; McMahan et al. 2017 with shards that never straddle two
 * classes).
 *
 * There are parties · K shards. Each class is cut into a number of equal shards in proportion to its size, and every
 * party receives K shards of different classes. With balanced classes and parties · K a multiple of their number, all
 * shards have the same size. Every example is used once. Classes without examples do not count.
 * Throws RangeError where that is impossible: K above the number of classes, or fewer shards than classes, or fewer
 * examples than shards.
 */
export function classesPartition(
  labels: ArrayLike<number>,
  classes: number,
  parties: number,
  K: number,
  key: Key,
): readonly Rows[] {
  const byClass = shuffledByClass(labels, classes, key);
  const sizes = byClass.map((rows) => rows.length);
  checkFeasible(sizes, parties, K);

  const shards = shardsOfEachClass(sizes, parties, K);
  const cut = byClass.map((rows, c) => (shards[c] ? cutEvenly(rows, shards[c]) : []));
  const hands = deal(shards, parties, K, rng(split(key, "deal")));
  return hands.map((hand) => joinRows(hand.map((c) => cut[c]?.pop() as Rows)));
}

function checkFeasible(sizes: readonly number[], parties: number, K: number): void {
  const present = sizes.filter((size) => size > 0).length;
  const room = sizes.reduce((sum, size) => sum + Math.min(size, parties), 0);
  if (!(K >= 1 && K <= present)) throw new RangeError(`a party cannot have ${K} of ${present} classes`);
  if (parties * K < present) {
    throw new RangeError(`${parties} parties with ${K} classes each leave some of the ${present} classes to nobody`);
  }
  if (room < parties * K) {
    throw new RangeError(
      `too few examples: ${parties} parties with ${K} classes each need ${parties * K} shards, ${room} can be cut`,
    );
  }
}

/** Shares parties · K shards among the classes: each time one more to the class whose shards are largest. */
function shardsOfEachClass(sizes: readonly number[], parties: number, K: number): number[] {
  const shards = sizes.map((size) => (size > 0 ? 1 : 0) as number);
  for (let left = parties * K - shards.reduce((a, b) => a + b, 0); left > 0; left--) {
    let best = -1;
    let largest = 0;
    for (const [c, size] of sizes.entries()) {
      const count = shards[c] as number;
      // A class goes to a party once, and a shard holds an example.
      if (count >= Math.min(size, parties)) continue;
      if (size / count > largest) {
        largest = size / count;
        best = c;
      }
    }
    shards[best] = (shards[best] as number) + 1;
  }
  return shards;
}

/**
 * Draws K different classes for each party so that every shard finds an owner.
 * A class with as many shards as there are parties left must go to each of them; the others are drawn in proportion
 * to what is left of them. So no class ever has more shards than there are parties to take them.
 */
function deal(shards: readonly number[], parties: number, K: number, r: Rng): number[][] {
  const left = [...shards];
  const hands: number[][] = [];
  for (let waiting = parties; waiting > 0; waiting--) {
    const hand = left.flatMap((count, c) => (count === waiting ? [c] : []));
    while (hand.length < K) {
      hand.push(
        drawClass(
          left.map((count, c) => (hand.includes(c) ? 0 : count)),
          r,
        ),
      );
    }
    for (const c of hand) left[c] = (left[c] as number) - 1;
    hands.push(hand);
  }
  return Array.from(permutation(r, parties), (i) => hands[i] as number[]);
}

/** A class drawn in proportion to its count. */
function drawClass(counts: readonly number[], r: Rng): number {
  let ticket = r.below(counts.reduce((a, b) => a + b, 0));
  return counts.findIndex((count) => {
    ticket -= count;
    return ticket < 0;
  });
}
