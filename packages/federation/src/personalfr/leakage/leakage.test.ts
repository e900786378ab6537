import { key } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import { buildTask, ratingsOf } from "@concord/learning";
import { array, assert, boolean, integer, property, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { TINY_ITEMS, tinyRecommender, tinyRecommenderParties } from "../../../test/tiny-recommender.ts";
import type { Algorithm } from "../../algorithm.ts";
import { inlineExecutor } from "../../executor.ts";
import { algorithmOf } from "../../registry.ts";
import { simulate } from "../../simulator.ts";
import { likesFromBias, membershipByIntersection, membershipFromRows, membershipWithPopularity } from "./attacks.ts";
import { auc, bootstrapMean } from "./auc.ts";
import { type RowChanges, rowChanges } from "./observation.ts";

describe("the area under the curve", () => {
  it("is the share of pairs in the right order, ties counting half", () => {
    assert(
      property(array(tuple(integer({ min: 0, max: 5 }), boolean()), { minLength: 1, maxLength: 20 }), (points) => {
        let [wins, pairs] = [0, 0];
        for (const [a, isPositive] of points) {
          for (const [b, other] of points) {
            if (!isPositive || other) continue;
            pairs++;
            wins += a > b ? 1 : a === b ? 0.5 : 0;
          }
        }
        const area = auc(
          points.map(([score]) => score),
          (i) => points[i]?.[1] ?? false,
        );
        if (pairs === 0) expect(area).toBeUndefined();
        else expect(area).toBeCloseTo(wins / pairs, 12);
      }),
    );
  });

  it("has an interval around its mean that narrows with the number of parties", () => {
    const values = (n: number) => Array.from({ length: n }, (_, i) => 0.5 + 0.1 * ((i % 5) - 2));
    const [few, many] = [bootstrapMean(values(10), key(1)), bootstrapMean(values(1000), key(1))];
    for (const { mean, low, high } of [few, many]) {
      expect(mean).toBeCloseTo(0.5, 12);
      expect(low <= mean && mean <= high).toBe(true);
    }
    // The standard error is σ / √n with σ = 0.1 √2; a 95 % interval is about four of them wide.
    expect((many.high - many.low) / ((4 * 0.1 * Math.SQRT2) / Math.sqrt(1000))).toBeCloseTo(1, 0);
    expect(few.high - few.low).toBeGreaterThan(5 * (many.high - many.low));
    expect(bootstrapMean([0.3], key(1))).toEqual({ mean: 0.3, low: 0.3, high: 0.3 });
    expect(() => bootstrapMean([], key(1))).toThrow(RangeError);
  });
});

/** What the coordinator sees of one-user parties over some rounds, by party. */
async function observe(algorithm: Record<string, unknown>, rounds: number) {
  const parties = tinyRecommenderParties([1, 1, 1]);
  const spec = tinyRecommender({ encoder: "vector", userBias: 1, ...algorithm }, { rounds });
  const own = algorithmOf(spec.algorithm);
  const seen = new Map<string, RowChanges[]>(parties.map(({ id }) => [id, []]));
  const watched: Algorithm = {
    ...own,
    merge(state, exchange) {
      for (const { party, tensors } of exchange.updates) {
        seen.get(party)?.push(rowChanges({ round: exchange.round, model: state.model, update: tensors }));
      }
      return own.merge(state, exchange);
    },
  };
  const executor = await inlineExecutor(watched, buildTask(spec.task), await engineFor());
  for await (const _ of simulate({ spec, parties, executor, algorithm: watched }));
  return parties.map(({ id, train }) => {
    const rated = new Set(train.known.items);
    const stars = new Map(ratingsOf(train.known, 0).map(({ item, value }) => [item, value]));
    return { observed: seen.get(id) ?? [], isRated: (item: number) => rated.has(item), rated: [...rated], stars };
  });
}

describe("a coordinator that watches one user a party", () => {
  it.each([
    ["bare rows", { upload: { kind: "rows" } }],
    ["the whole decoder", { upload: { kind: "decoder" } }],
    ["clipped rows", { disguise: { clipNorm: 1e-3 } }],
  ])("knows from %s what the user has rated", async (_scheme, algorithm) => {
    for (const { observed, isRated } of await observe(algorithm, 2)) {
      expect(auc(membershipFromRows(observed[0] as RowChanges), isRated)).toBeGreaterThanOrEqual(0.95);
      expect(auc(membershipByIntersection(observed), isRated)).toBeGreaterThanOrEqual(0.95);
    }
  });

  it("knows from the biases what the user liked", async () => {
    for (const { observed, rated, stars } of await observe({}, 2)) {
      const scores = likesFromBias(observed);
      const own = rated.map((item) => scores[item] as number);
      expect(auc(own, (at) => (stars.get(rated[at] as number) ?? 0) >= 4)).toBeGreaterThan(0.9);
    }
  });

  it("does not tell a user's rows from kept decoys, in however many rounds, but excludes what was not sent", async () => {
    const parties = await observe({ disguise: { decoys: 1 } }, 4);
    for (const { observed, isRated, rated } of parties) {
      const scores = membershipByIntersection(observed);
      const sent = Array.from({ length: TINY_ITEMS }, (_, item) => item).filter((item) => (scores[item] as number) > 0);
      expect(sent.length).toBe(Math.min(2 * rated.length, TINY_ITEMS));
      expect(sent.filter(isRated)).toHaveLength(rated.length);
      // Every own row has a decoy with changes of the same norm, but for rounding.
      const among = auc(
        sent.map((item) => Number((scores[item] as number).toFixed(4))),
        (at) => isRated(sent[at] as number),
      );
      expect(Math.abs((among ?? Number.NaN) - 0.5)).toBeLessThan(0.15);
      // Who knows which of them are popular knows more: here, exactly the rated ones.
      const popularity = Array.from({ length: TINY_ITEMS }, (_, item) => (isRated(item) ? 2 : 1));
      expect(auc(membershipWithPopularity(observed, popularity), isRated)).toBe(1);
    }
  });
});
