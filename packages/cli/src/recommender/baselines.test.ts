import { key, rng } from "@concord/engine";
import type { Rating } from "@concord/learning";
import { biasBaseline, implicitFeedback, localOnly, meanOf, measureRatings, ratingsDataset } from "@concord/learning";
import { describe, expect, it } from "vitest";
import { sharedSplit, usersOfParties } from "../shares.ts";
import { baselineResults, baselinesSchema } from "./baselines.ts";

const ITEMS = 12;
const sharing = {
  parties: 4,
  partition: { kind: "iid" as const },
  heldOut: 0.2,
  split: { kind: "random" as const, test: 0.2, validation: 0.1 },
  seed: 3,
};

/** Ratings of made-up users, at random. */
const films = (() => {
  const random = rng(key("films"));
  const ratings: Rating[] = [];
  for (let user = 0; user < 16; user++) {
    for (let item = 0; item < ITEMS; item++) {
      if (random.uniform() < 0.8) ratings.push({ user: `${user}`, item: `${item}`, value: 1 + random.below(5) });
    }
  }
  return ratingsDataset(ratings, {
    name: "films",
    scale: { min: 1, max: 5, step: 1 },
    itemIds: Array.from({ length: ITEMS }, (_, item) => `${item}`),
    generated: true,
  });
})();

describe("baselines of a run", () => {
  it("are fitted to the training ratings of the run's own split and measured on the part it reports on", async () => {
    const { train, test, validation } = sharedSplit(films, sharing);
    for (const [part, heldOut] of [["test", test] as const, ["validation", validation] as const]) {
      const { bias, local } = await baselineResults(["bias", "local"], films, sharing, part);
      const rmse = (scores: ReturnType<typeof biasBaseline>) =>
        Math.sqrt(meanOf(measureRatings(heldOut, scores), "loss") ?? Number.NaN);
      expect(bias?.rmse).toBeCloseTo(rmse(biasBaseline(train)), 12);
      expect(local?.rmse).toBeCloseTo(rmse(localOnly(train, usersOfParties(films, sharing))), 12);
    }
  });

  it("have errors where they predict ratings, and rankings always", async () => {
    const names = baselinesSchema.parse(["popularity", "item-knn", "ease", "factorisation", "joint"]);
    const results = await baselineResults(names, films, sharing, "test");
    expect(Object.keys(results)).toEqual(names);
    for (const [name, { rmse, ndcg10 }] of Object.entries(results)) {
      if (name === "popularity" || name === "ease") expect(rmse).toBeNull();
      else expect(rmse).toBeGreaterThan(0.5);
      expect(ndcg10).toBeGreaterThan(0);
    }
    const likes = await baselineResults(["bias", "joint"], implicitFeedback(films, 3.5), sharing, "test");
    expect(likes.joint).toMatchObject({ rmse: null, mae: null, ndcg10: expect.any(Number) });
  });

  it("are named once each", () => {
    expect(() => baselinesSchema.parse(["bias", "bias"])).toThrow("named twice");
    expect(() => baselinesSchema.parse(["magic"])).toThrow();
  });
});
