import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accuracy, mae, ndcg, recall, rmse, userNdcg, userRecall } from "./metrics.ts";

describe("accuracy, rmse and mae", () => {
  it("are means over the examples", () => {
    expect(accuracy([1, 2, 3, 4], [1, 0, 3, 0])).toBe(0.5);
    expect(rmse([1, 2, 3], [1, 4, 5])).toBeCloseTo(Math.sqrt(8 / 3), 12);
    expect(mae([1, 2, 3], [1, 4, 5])).toBeCloseTo(4 / 3, 12);
  });

  it("are not a number for no examples, and refuse lists of different length", () => {
    expect(rmse([], [])).toBeNaN();
    expect(() => mae([1], [1, 2])).toThrow("1 values and 2 cannot be compared");
  });
});

describe("ndcg", () => {
  it("discounts by the logarithm of the rank", () => {
    // By score: items 2, 0, 1 with gains 0, 1, 1.
    const user = { scores: [0.5, 0.1, 0.9], gains: [1, 1, 0] };
    const dcg = 1 / Math.log2(3) + 1 / Math.log2(4);
    const ideal = 1 + 1 / Math.log2(3);
    expect(userNdcg(user, 10)).toBeCloseTo(dcg / ideal, 12);
    expect(userNdcg(user, 2)).toBeCloseTo(1 / Math.log2(3) / ideal, 12);
    expect(userNdcg(user, 1)).toBe(0);
  });

  it("weighs graded gains", () => {
    const user = { scores: [3, 2, 1], gains: [1, 3, 0] };
    expect(userNdcg(user, 3)).toBeCloseTo((1 + 3 / Math.log2(3)) / (3 + 1 / Math.log2(3)), 12);
  });

  it("gives items of equal score what a random order of them would get on average", () => {
    const user = { scores: [7, 7, 7], gains: [1, 0, 0] };
    expect(userNdcg(user, 3)).toBeCloseTo((1 + 1 / Math.log2(3) + 1 / 2) / 3, 12);
    expect(userNdcg(user, 1)).toBeCloseTo(1 / 3, 12);
  });

  it("takes the mean over users, and leaves out or counts as 0 those without a relevant item", () => {
    const perfect = { scores: [2, 1], gains: [1, 0] };
    const none = { scores: [2, 1], gains: [0, 0] };
    expect(userNdcg(none, 5)).toBeUndefined();
    expect(ndcg([perfect, none], 5)).toBe(1);
    expect(ndcg([perfect, none], 5, "zero")).toBe(0.5);
    expect(ndcg([none], 5)).toBeNaN();
  });

  it("refuses what has no rank or no gain", () => {
    expect(() => userNdcg({ scores: [Number.NaN], gains: [1] }, 1)).toThrow("score 0 is not a number");
    expect(() => userNdcg({ scores: [1], gains: [-1] }, 1)).toThrow("gain 0 is -1, must be ≥ 0");
    expect(() => userNdcg({ scores: [1], gains: [1] }, 0)).toThrow("k must be a whole number ≥ 1, got 0");
  });
});

describe("recall", () => {
  it("is the share of a user's relevant items among the first k", () => {
    const user = { scores: [5, 4, 3, 2], gains: [1, 0, 2, 1] };
    expect(userRecall(user, 1)).toBeCloseTo(1 / 3, 12);
    expect(userRecall(user, 3)).toBeCloseTo(2 / 3, 12);
    expect(userRecall(user, 4)).toBe(1);
    expect(recall([user, { scores: [1], gains: [0] }], 4, "zero")).toBe(0.5);
  });

  it("shares the last ranks among items of equal score", () => {
    expect(userRecall({ scores: [1, 1, 1, 1], gains: [1, 0, 0, 0] }, 3)).toBeCloseTo(3 / 4, 12);
  });
});

/** A user with few different scores and gains, so that equal ones are common. */
const user = fc
  .array(fc.record({ score: fc.integer({ min: -3, max: 3 }), gain: fc.integer({ min: 0, max: 3 }) }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((items) => ({ scores: items.map(({ score }) => score), gains: items.map(({ gain }) => gain) }));
const k = fc.integer({ min: 1, max: 14 });

describe("ranking metrics", () => {
  it("lie between 0 and 1, and an ideal ranking has an NDCG of 1", () => {
    fc.assert(
      fc.property(user, k, (u, at) => {
        for (const value of [userNdcg(u, at) ?? 0, userRecall(u, at) ?? 0]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
        }
        expect(userNdcg({ ...u, scores: u.gains }, at) ?? 1).toBeCloseTo(1, 12);
      }),
    );
  });

  it("do not change with the order of items or users, or with an increasing function of the scores", () => {
    fc.assert(
      fc.property(fc.array(user, { minLength: 1, maxLength: 5 }), k, (users, at) => {
        const mirrored = users
          .map(({ scores, gains }) => ({ scores: scores.map((s) => Math.exp(s)).reverse(), gains: gains.toReversed() }))
          .reverse();
        for (const metric of [ndcg, recall]) {
          expect(metric(mirrored, at, "zero")).toBeCloseTo(metric(users, at, "zero"), 12);
        }
      }),
    );
  });

  it("do not change with the unit of the gains", () => {
    fc.assert(
      fc.property(user, k, fc.double({ min: 0.1, max: 10, noNaN: true }), (u, at, unit) => {
        const scaled = { ...u, gains: u.gains.map((gain) => gain * unit) };
        expect(userNdcg(scaled, at) ?? -1).toBeCloseTo(userNdcg(u, at) ?? -1, 12);
        expect(userRecall(scaled, at)).toBe(userRecall(u, at));
      }),
    );
  });

  it("grow when a relevant item and a less relevant one above it change places", () => {
    fc.assert(
      fc.property(user, k, fc.nat(), (u, at, pick) => {
        const order = u.scores.map((_, j) => j).sort((i, j) => (u.scores[j] ?? 0) - (u.scores[i] ?? 0));
        const upper = order[pick % order.length] ?? 0;
        const lower = order[(pick + 1) % order.length] ?? 0;
        fc.pre((u.scores[upper] ?? 0) > (u.scores[lower] ?? 0) && (u.gains[upper] ?? 0) < (u.gains[lower] ?? 0));
        const scores = u.scores.with(upper, u.scores[lower] ?? 0).with(lower, u.scores[upper] ?? 0);
        expect(userNdcg({ ...u, scores }, at)).toBeGreaterThanOrEqual((userNdcg(u, at) ?? 0) - 1e-12);
      }),
    );
  });
});
