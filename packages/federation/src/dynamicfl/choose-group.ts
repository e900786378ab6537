import type { Rng } from "@concord/engine";
import { permutation } from "@concord/engine";
import { divergence, pooled } from "./label-shares.ts";

/** A party as the search sees it. */
export interface Choice {
  readonly party: string;
  /** n_i */
  readonly examples: number;
  /** P_i */
  readonly shares: readonly number[];
}

export interface GroupQuestion {
  /** Parties that are in the group already; none for the fastest level. */
  readonly given: readonly Choice[];
  /** Parties that may be added. */
  readonly eligible: readonly Choice[];
  /** The largest size of the group, those given included. */
  readonly atMost: number;
  /** P: the label shares of the whole federation. */
  readonly whole: readonly number[];
  /** Fixes the order in which parties are tried, and with it the choice among equally good groups. */
  readonly rng: Rng;
}

/** The published dynamic programme tries so many orders of the parties. */
const ORDERS = 10;
/** So many parties make 65,536 groups: as far as the exact search goes. */
export const EXACT_UP_TO = 16;
/** A group is better only if it is nearer by more than this; else the smaller one is kept. */
const BETTER_BY = 1e-12;

export type Search = "exact" | "orders" | "auto";

/**
 * The group S ⊇ `given`, of at most so many parties, whose pooled labels P_S = Σ_S n_i P_i / Σ_S n_i are nearest to those
 * of the whole federation: it minimises KL(P_S ‖ P). Empty only if nobody may be in it. The order of the result is
 * that of `given` followed by that of `eligible`.
 *
 * "orders" is the published search (DynamicFL, arXiv 2409.04986), which need not find the nearest group since the distance is
 * not a sum over parties; "exact" looks at every group and takes up to 16 eligible parties; "auto" is exact where it can be.
 */
export function chooseGroup(question: GroupQuestion, search: Search): readonly Choice[] {
  const { given, eligible, atMost } = question;
  if (eligible.length === 0 || atMost <= given.length) return given;
  const exact = search === "exact" || (search === "auto" && eligible.length <= EXACT_UP_TO);
  const found = new Set(exact ? exactGroup(question) : groupByOrders(question));
  return [...given, ...eligible.filter((choice) => found.has(choice))];
}

/** KL(P_S ‖ P) of a group. */
export function groupDivergence(group: readonly Choice[], whole: readonly number[]): number {
  return divergence(pooled(group), whole);
}

interface Found {
  readonly group: readonly Choice[];
  readonly distance: number;
}

/**
 * The published search: over the parties 1, 2, … of an order,
 * best[i][j] is the better of best[i−1][j] and best[i−1][j−1] with party i, groups of j parties, and the answer the best
 * over j; and this for ten random orders. The distance of each group is worked out from scratch.
 */
function groupByOrders({ given, eligible, atMost, whole, rng }: GroupQuestion): readonly Choice[] {
  const slots = Math.min(atMost - given.length, eligible.length);
  const measured = (group: readonly Choice[]): Found => ({ group, distance: groupDivergence(group, whole) });
  let answer: Found | undefined = given.length === 0 ? undefined : measured(given);
  for (let order = 0; order < ORDERS; order++) {
    const best: (Found | undefined)[] = [{ group: given, distance: Number.POSITIVE_INFINITY }];
    for (const i of permutation(rng, eligible.length)) {
      // From large to small, so that best[j − 1] is still that of the parties before.
      for (let j = slots; j >= 1; j--) {
        const smaller = best[j - 1];
        if (smaller === undefined) continue;
        const added = measured([...smaller.group, eligible[i] as Choice]);
        best[j] = better(best[j], added);
      }
    }
    for (const found of best.slice(1)) if (found !== undefined) answer = better(answer, found);
  }
  return answer?.group ?? [];
}

/** Keeps the incumbent unless the challenger is nearer, or as near and smaller. */
function better(incumbent: Found | undefined, challenger: Found): Found {
  if (incumbent === undefined) return challenger;
  const smaller = challenger.group.length < incumbent.group.length;
  return isNearer(challenger.distance, incumbent.distance, smaller) ? challenger : incumbent;
}

function isNearer(challenger: number, incumbent: number, smaller: boolean): boolean {
  if (challenger < incumbent - BETTER_BY) return true;
  return smaller && !(challenger > incumbent + BETTER_BY);
}

/**
 * Looks at every group, depth first, in a random order of the parties so that none is preferred among equals.
 *
 * Logarithms cost most, so a group is measured only if it may be the nearest: KL(P_S ‖ P) ≥ ½ ‖P_S − P‖₁² (Pinsker).
 */
function exactGroup({ given, eligible, atMost, whole, rng }: GroupQuestion): readonly Choice[] {
  if (eligible.length > EXACT_UP_TO) {
    throw new RangeError(
      `search "exact" takes at most ${EXACT_UP_TO} parties that may be chosen, got ${eligible.length}; "auto" takes any number`,
    );
  }
  const order = Array.from(permutation(rng, eligible.length), (i) => eligible[i] as Choice);
  const counts = order.map(({ examples, shares }) => Float64Array.from(shares, (share) => examples * share));
  const P = Float64Array.from(whole);
  const slots = Math.min(atMost - given.length, order.length);
  /** Σ n_i P_i of those chosen, by how many they are. */
  const pools = Array.from({ length: slots + 1 }, () => new Float64Array(whole.length));
  const chosen: number[] = [];
  let answer: readonly number[] | undefined;
  let nearest = Number.POSITIVE_INFINITY;
  if (given.length > 0) {
    answer = [];
    nearest = groupDivergence(given, whole);
    for (const { examples, shares } of given) addTo(pools[0] as Float64Array, examples, shares);
  }

  const visit = (first: number, n: number) => {
    const before = pools[chosen.length] as Float64Array;
    const pool = pools[chosen.length + 1] as Float64Array;
    for (let i = first; i < order.length; i++) {
      const own = counts[i] as Float64Array;
      const examples = n + (order[i] as Choice).examples;
      const scale = 1 / examples;
      let apart = 0;
      for (let c = 0; c < pool.length; c++) {
        const count = (before[c] as number) + (own[c] as number);
        pool[c] = count;
        apart += Math.abs(count * scale - (P[c] as number));
      }
      chosen.push(i);
      if (apart ** 2 / 2 <= nearest + 2 * BETTER_BY) measure(pool, examples);
      if (chosen.length < slots) visit(i + 1, examples);
      chosen.pop();
    }
  };
  const measure = (pool: Float64Array, examples: number) => {
    const distance = divergence(
      Array.from(pool, (count) => count / examples),
      whole,
    );
    if (answer !== undefined && !isNearer(distance, nearest, chosen.length < answer.length)) return;
    answer = [...chosen];
    nearest = distance;
  };
  visit(
    0,
    given.reduce((sum, { examples }) => sum + examples, 0),
  );
  return (answer ?? []).map((i) => order[i] as Choice);
}

function addTo(pool: Float64Array, examples: number, shares: readonly number[]): void {
  for (let c = 0; c < pool.length; c++) pool[c] = (pool[c] as number) + examples * (shares[c] as number);
}
