import type { RowChanges } from "./observation.ts";

/**
 * Attacks of a coordinator that keeps to the protocol and thinks about what it sees of one party: how the rows have changed in each
 * round. Each gives every item a score, [N], the highest for what it holds most likely: that the party has rated it, or liked it.
 */

/** Membership from one update: the more a row has changed, the likelier it was trained. */
export function membershipFromRows({ norm }: RowChanges): Float64Array {
  return norm;
}

/** Membership by intersection: in how many rounds a row has changed; among equals, how much on average. */
export function membershipByIntersection(observed: readonly RowChanges[]): Float64Array {
  const all = observed.map(({ norm }) => norm);
  const largest = all.reduce((most, norms) => norms.reduce((a, b) => Math.max(a, b), most), Number.MIN_VALUE);
  const items = all[0]?.length ?? 0;
  return Float64Array.from({ length: items }, (_, item) => {
    const rounds = all.filter((norms) => (norms[item] as number) > 0).length;
    const mean = all.reduce((sum, norms) => sum + (norms[item] as number), 0) / all.length;
    // Below 1, so that it only decides among equals.
    return rounds + mean / (2 * largest);
  });
}

/**
 * The intersection, and among items that changed equally often the more popular one: decoys drawn from the whole catalogue are
 * seldom popular.
 *
 * @param popularity [N], as anybody may know it
 */
export function membershipWithPopularity(observed: readonly RowChanges[], popularity: ArrayLike<number>): Float64Array {
  const most = Array.from(popularity).reduce((a, b) => Math.max(a, b), Number.MIN_VALUE);
  return membershipByIntersection(observed).map(
    (score, item) => Math.floor(score) + (popularity[item] as number) / (2 * most),
  );
}

/** Likes from the change of the biases: a bias rises for an item that the user likes better than predicted. */
export function likesFromBias(observed: readonly RowChanges[]): Float64Array {
  const all = observed.map(({ bias }) => bias);
  return Float64Array.from({ length: all[0]?.length ?? 0 }, (_, item) =>
    all.reduce((sum, changes) => sum + (changes[item] as number), 0),
  );
}
