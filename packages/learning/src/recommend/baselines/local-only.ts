import type { CatalogueScores } from "../rating-measures.ts";
import type { RatingsDataset } from "../ratings.ts";
import { subsetOfUsers } from "../ratings.ts";
import { type BiasPenalties, biasBaseline, scoreKind } from "./bias.ts";

/**
 * What parties know by themselves: every party fits the biases of its own users and items to its own ratings and hears of nobody
 * else. For a party with one user that is, for all that is not rated yet, the user's mean.
 *
 * @param parties the users (rows) of each party; every user belongs to one
 */
export function localOnly(
  train: RatingsDataset,
  parties: readonly ArrayLike<number>[],
  penalties?: BiasPenalties,
): CatalogueScores {
  const places = new Map<number, { readonly scores: CatalogueScores; readonly row: number }>();
  for (const users of parties) {
    const scores = biasBaseline(subsetOfUsers(train, users), penalties);
    for (const [row, user] of Array.from(users).entries()) places.set(user, { scores, row });
  }
  return {
    kind: scoreKind(train),
    of(user) {
      const place = places.get(user);
      if (place === undefined) throw new RangeError(`user ${user} belongs to no party`);
      return place.scores.of(place.row);
    },
  };
}
