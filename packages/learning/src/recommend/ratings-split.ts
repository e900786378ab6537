import type { Key } from "@concord/engine";
import { permutation, rng, split } from "@concord/engine";
import { z } from "zod";
import type { Entry, RatingsDataset } from "./ratings.ts";
import { ratingsOf, rowsOf } from "./ratings.ts";

const share = z.number().min(0).lt(1);

/** How ratings are divided into those to train on, to select by, and to report on. */
export const ratingsSplitSchema = z.discriminatedUnion("kind", [
  /** One draw over all ratings, whoever gave them (the published protocol: test 0.1, no validation). */
  z.strictObject({ kind: z.literal("random"), test: share.default(0.1), validation: share.default(0) }),
  /** The same shares of every user's ratings, drawn at random. */
  z.strictObject({ kind: z.literal("per-user"), test: share.default(0.1), validation: share.default(0.1) }),
  /** The latest ratings of every user for the test, those before them for validation: nothing of the future is known. */
  z.strictObject({ kind: z.literal("time"), test: share.default(0.1), validation: share.default(0.1) }),
]);
export type RatingsSplitSpec = z.output<typeof ratingsSplitSchema>;

/** In each part `known` are the training ratings; in the last two `targets` are those held out. Users keep their order. */
export interface RatingsSplit {
  readonly train: RatingsDataset;
  /** Choose settings by it. Without targets where the spec asks for none. */
  readonly validation: RatingsDataset;
  /** Report on it, once. */
  readonly test: RatingsDataset;
}

type Part = "train" | "validation" | "test";

/**
 * Divides ratings, a function of (ratings, spec, key) alone. A user always keeps at least one rating to train on.
 * Throws RangeError where nothing would be left to train on, TypeError for "time" where the ratings have no times.
 */
export function splitRatings(of: RatingsDataset, spec: RatingsSplitSpec, key: Key): RatingsSplit {
  if (spec.test + spec.validation >= 1) {
    throw new RangeError(`test ${spec.test} and validation ${spec.validation} leave nothing to train on`);
  }
  const users = Array.from({ length: of.size }, (_, u) => ratingsOf(of.known, u));
  const parts = withSomethingToTrainOn(users, divide(of, users, spec, key));
  const rows = (wanted: Part) => rowsOf(users.map((row, u) => row.filter((_, i) => parts[u]?.[i] === wanted)));
  const known = rows("train");
  return {
    train: { ...of, known, targets: known },
    validation: { ...of, known, targets: rows("validation") },
    test: { ...of, known, targets: rows("test") },
  };
}

function divide(
  of: RatingsDataset,
  users: readonly (readonly Entry[])[],
  { kind, test, validation }: RatingsSplitSpec,
  key: Key,
): Part[][] {
  const cut =
    (size: number) =>
    (rank: number): Part => {
      const [tests, validations] = [Math.round(size * test), Math.round(size * validation)];
      return rank < tests ? "test" : rank < tests + validations ? "validation" : "train";
    };
  switch (kind) {
    case "random": {
      const partAt = cut(of.known.items.length);
      const rank = ranks(permutation(rng(key), of.known.items.length));
      return users.map((row, u) => row.map((_, i) => partAt(rank[(of.known.starts[u] ?? 0) + i] ?? 0)));
    }
    case "per-user":
      return users.map((row, u) => {
        const rank = ranks(permutation(rng(split(key, u)), row.length));
        return row.map((_, i) => cut(row.length)(rank[i] ?? 0));
      });
    case "time": {
      if (of.known.times === undefined) throw new TypeError(`ratings "${of.name}" have no times; use another split`);
      return users.map((row) => {
        const latestFirst = row.map((_, i) => i).sort((a, b) => (row[b]?.time ?? 0) - (row[a]?.time ?? 0));
        const rank = ranks(latestFirst);
        return row.map((_, i) => cut(row.length)(rank[i] ?? 0));
      });
    }
  }
}

/** Takes one rating back from what was held out of a user who would have none to train on. */
function withSomethingToTrainOn(users: readonly (readonly Entry[])[], parts: Part[][]): readonly (readonly Part[])[] {
  return parts.map((row, u) => {
    if (row.includes("train") || (users[u]?.length ?? 0) === 0) return row;
    return row.map((part, i) => (i === 0 ? "train" : part));
  });
}

/** The place of each element in an order. */
function ranks(order: ArrayLike<number>): Int32Array {
  const rank = new Int32Array(order.length);
  for (let place = 0; place < order.length; place++) rank[order[place] as number] = place;
  return rank;
}
