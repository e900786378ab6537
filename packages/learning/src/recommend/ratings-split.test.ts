import { key } from "@concord/engine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RatingRows, RatingsDataset } from "./ratings.ts";
import { ratingsDataset, ratingsOf } from "./ratings.ts";
import type { RatingsSplitSpec } from "./ratings-split.ts";
import { splitRatings } from "./ratings-split.ts";

/** Users 0, 1, … with so many ratings each; user u rates item i at time 100 u + i. */
function films(counts: readonly number[]): RatingsDataset {
  const ratings = counts.flatMap((count, user) =>
    Array.from({ length: count }, (_, i) => ({
      user: `${user}`,
      item: `${i}`,
      value: 1 + (i % 5),
      time: 100 * user + i,
    })),
  );
  const itemIds = Array.from({ length: Math.max(...counts) }, (_, i) => `${i}`);
  return ratingsDataset(ratings, { name: "films", scale: { min: 1, max: 5, step: 1 }, itemIds });
}

const entries = (rows: RatingRows, users: number) =>
  Array.from({ length: users }, (_, u) => ratingsOf(rows, u).map(({ item }) => `${u}/${item}`)).flat();

describe("a split of ratings", () => {
  it("puts every rating into one part, leaves everybody something to train on, and repeats itself", () => {
    const counts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
    const kinds = fc.constantFrom<RatingsSplitSpec["kind"]>("random", "per-user", "time");
    fc.assert(
      fc.property(counts, kinds, fc.integer(), (sizes, kind, seed) => {
        const all = films(sizes);
        const spec: RatingsSplitSpec = { kind, test: 0.3, validation: 0.2 };
        const { train, validation, test } = splitRatings(all, spec, key(seed));
        const parts = [train.known, validation.targets, test.targets].map((rows) => entries(rows, all.size));
        expect(parts.flat().sort()).toEqual(entries(all.known, all.size).sort());
        for (const u of sizes.keys()) expect(ratingsOf(train.known, u).length).toBeGreaterThan(0);
        expect(test.known).toBe(train.known);
        expect(splitRatings(all, spec, key(seed)).test.targets).toEqual(test.targets);
      }),
    );
  });

  it("takes the published share of all ratings at random, whoever gave them", () => {
    const { test } = splitRatings(films([50, 50]), { kind: "random", test: 0.1, validation: 0 }, key(1));
    expect(test.targets.items.length).toBe(10);
    const other = splitRatings(films([50, 50]), { kind: "random", test: 0.1, validation: 0 }, key(2));
    expect(other.test.targets.items).not.toEqual(test.targets.items);
  });

  it("takes the same share of every user", () => {
    const spec: RatingsSplitSpec = { kind: "per-user", test: 0.1, validation: 0.1 };
    const { test, validation } = splitRatings(films([10, 20]), spec, key(1));
    expect([...test.targets.starts]).toEqual([0, 1, 3]);
    expect([...validation.targets.starts]).toEqual([0, 1, 3]);
  });

  it("by time, keeps the past to train on and the latest for the test", () => {
    const { train, validation, test } = splitRatings(films([10]), { kind: "time", test: 0.2, validation: 0.1 }, key(1));
    expect([...test.targets.items]).toEqual([8, 9]);
    expect([...validation.targets.items]).toEqual([7]);
    expect([...train.known.items]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("refuses what it cannot do", () => {
    const timeless = ratingsDataset([{ user: "a", item: "x", value: 1 }], {
      name: "films",
      scale: { min: 1, max: 5, step: 1 },
      itemIds: ["x"],
    });
    const by = (spec: RatingsSplitSpec) => () => splitRatings(timeless, spec, key(1));
    expect(by({ kind: "time", test: 0.1, validation: 0 })).toThrow("have no times");
    expect(by({ kind: "random", test: 0.6, validation: 0.4 })).toThrow("leave nothing to train on");
  });
});
