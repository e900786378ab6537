import { key } from "@concord/engine";
import { array, assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { stars, twoTastes } from "../../test/two-tastes.ts";
import { addEvaluations, meanOf } from "../evaluation.ts";
import { userNdcg, userRecall } from "../metrics.ts";
import { batchAveragedRmse, measureRatings } from "./rating-measures.ts";
import type { RatingsDataset } from "./ratings.ts";
import { implicitFeedback, subsetOfUsers } from "./ratings.ts";
import { splitRatings } from "./ratings-split.ts";

/** Two users and four items: the first has item 0 and holds out 1 (wanted) and 2, the second has item 3 and holds out item 0. */
const HELD_OUT: RatingsDataset = {
  ...stars(
    [
      [0, 0, 5],
      [1, 3, 4],
    ],
    4,
  ),
  targets: stars(
    [
      [0, 1, 4],
      [0, 2, 1],
      [1, 0, 2],
    ],
    4,
  ).known,
};

const ratings = (rows: readonly (readonly number[])[]) => ({
  kind: "ratings" as const,
  of: (user: number) => rows[user] ?? [],
});
const tastes = splitRatings(twoTastes(12, 20), { kind: "random", test: 0.3, validation: 0 }, key(1)).test;
/** Some predictions, in steps of a half so that there are ties, of which some are off the scale. */
const guesses = ratings(
  Array.from({ length: 12 }, (_, user) => Array.from({ length: 20 }, (_, item) => ((user * 7 + item * 5) % 13) / 2)),
);

describe("measures of ratings", () => {
  it("cut predictions to the scale, add up over ratings and rank what was not seen", () => {
    // Errors -0.5, 2 and, after the cut of 7 to 5, 3. Of items 1, 2 and 3 the wanted one has the second place.
    const scores = ratings([
      [9, 3.5, 3, 3.75],
      [7, 1, 1, 1],
    ]);
    expect(measureRatings(HELD_OUT, scores)).toEqual({
      loss: { sum: 0.25 + 4 + 9, count: 3 },
      absoluteError: { sum: 0.5 + 2 + 3, count: 3 },
      ndcg10: { sum: 1 / Math.log2(3), count: 1 },
      recall10: { sum: 1, count: 1 },
      // Alone with item 2 the wanted one is first; the second user wants nothing and counts 0.
      heldOutNdcg10: { sum: 1, count: 2 },
    });
    expect(measureRatings(HELD_OUT, scores, 1)).toMatchObject({ ndcg1: { sum: 0 }, recall1: { sum: 0, count: 1 } });
  });

  it("take logits of likes, and of an order only the ranking", () => {
    const likes = implicitFeedback(HELD_OUT, 3.5);
    const rows = [
      [0, 0, -2, -1],
      [3, 0, 0, 0],
    ];
    const measured = measureRatings(likes, { kind: "logits", of: (user) => rows[user] ?? [] });
    expect(measured.loss?.sum).toBeCloseTo(Math.log(2) + Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(3)), 12);
    expect(measured.accuracy).toEqual({ sum: 1, count: 3 });
    const order = measureRatings(HELD_OUT, { kind: "order", of: (user) => rows[user] ?? [] });
    expect(Object.keys(order).sort()).toEqual(["heldOutNdcg10", "ndcg10", "recall10"]);
  });

  it("rank as userNdcg and userRecall do, ties included", () => {
    const row = array(integer({ min: 0, max: 4 }), { minLength: 8, maxLength: 8 });
    assert(
      property(row, integer({ min: 1, max: 9 }), (scores, k) => {
        const of = {
          ...stars([[0, 0, 3]], 8),
          targets: stars(
            [
              [0, 2, 5],
              [0, 4, 2],
              [0, 5, 4],
            ],
            8,
          ).known,
        };
        const user = { scores: scores.slice(1), gains: [0, 1, 0, 0, 1, 0, 0] };
        const measured = measureRatings(of, ratings([scores]), k);
        expect(measured[`ndcg${k}`]?.sum).toBeCloseTo(userNdcg(user, k) ?? Number.NaN, 12);
        expect(measured[`recall${k}`]?.sum).toBeCloseTo(userRecall(user, k) ?? Number.NaN, 12);
      }),
    );
  });

  it("give the same for the whole as for its parts, in whatever order the users stand", () => {
    const whole = measureRatings(tastes, guesses);
    const order = [7, 3, 11, 0, 5, 9, 1, 2, 10, 4, 8, 6];
    const parts = [order.slice(0, 5), order.slice(5)].map((users) =>
      measureRatings(subsetOfUsers(tastes, users), { ...guesses, of: (row) => guesses.of(users[row] ?? -1) }),
    );
    const total = parts.reduce(addEvaluations, {});
    for (const metric of Object.keys(whole)) expect(meanOf(total, metric)).toBeCloseTo(meanOf(whole, metric) ?? 0, 12);
  });

  it("refuse a prediction that is not a number", () => {
    expect(() => measureRatings(HELD_OUT, ratings([[1, Number.NaN, 2, 3]]))).toThrow(
      "the prediction of item 1 for user 0 is not a number",
    );
  });
});

describe("the RMSE of the published code", () => {
  it("averages roots over batches, which flatters small ones", () => {
    const scores = ratings([
      [0, 3.5, 3, 0],
      [5, 0, 0, 0],
    ]);
    expect(batchAveragedRmse(HELD_OUT, scores, 1)).toBeCloseTo((2 * Math.sqrt(4.25 / 2) + 3) / 3, 12);
    const global = Math.sqrt(13.25 / 3);
    for (const size of [2, 500]) expect(batchAveragedRmse(HELD_OUT, scores, size)).toBeCloseTo(global, 12);
  });

  it("is never above the global one", () => {
    const global = Math.sqrt(meanOf(measureRatings(tastes, guesses), "loss") ?? Number.NaN);
    for (const size of [1, 2, 5]) expect(batchAveragedRmse(tastes, guesses, size)).toBeLessThan(global);
  });
});
