import { key, rng } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import { describe, expect, it } from "vitest";
import { stars, twoTastes } from "../../../test/two-tastes.ts";
import { meanOf } from "../../evaluation.ts";
import type { CatalogueScores } from "../rating-measures.ts";
import { measureRatings, wantedFrom } from "../rating-measures.ts";
import { implicitFeedback, ratingsOf } from "../ratings.ts";
import { splitRatings } from "../ratings-split.ts";
import { biasBaseline, fitBiases } from "./bias.ts";
import { ease } from "./ease.ts";
import { factorisation } from "./factorisation.ts";
import { itemKnn } from "./item-knn.ts";
import { jointAutoencoder } from "./joint-autoencoder.ts";
import { localOnly } from "./local-only.ts";
import { popularityBaseline } from "./popularity.ts";
import { inverse } from "./positive-definite.ts";

const TASTES = splitRatings(twoTastes(60, 20), { kind: "random", test: 0.1, validation: 0.1 }, key(3));
const rmse = (scores: CatalogueScores) => Math.sqrt(meanOf(measureRatings(TASTES.test, scores), "loss") ?? Number.NaN);

describe("biases", () => {
  it("solve the normal equations of their penalised least squares", () => {
    const { known, size, items } = TASTES.train;
    const biases = fitBiases(TASTES.train, { users: 4, items: 2 });
    const byItem = new Float64Array(items);
    for (let user = 0; user < size; user++) {
      let residuals = 0;
      for (const { item, value } of ratingsOf(known, user)) {
        const residual = value - biases.mean - (biases.users[user] ?? 0) - (biases.items[item] ?? 0);
        residuals += residual;
        byItem[item] = (byItem[item] ?? 0) + residual;
      }
      expect(residuals).toBeCloseTo(4 * (biases.users[user] ?? 0), 6);
    }
    for (const [item, residuals] of byItem.entries()) expect(residuals).toBeCloseTo(2 * (biases.items[item] ?? 0), 6);
  });

  it("find what was added up, and keep to the mean for an item that nobody has rated", () => {
    const train = stars(
      [0, 1, 2].flatMap((u) => [0, 1].map((i) => [u, i, 1 + u + i] as const)),
      3,
    );
    const scores = biasBaseline(train, { users: 0, items: 0 });
    for (const u of [0, 1, 2]) {
      for (const i of [0, 1]) expect(scores.of(u)[i]).toBeCloseTo(1 + u + i, 8);
      expect(scores.of(u)[2]).toBeCloseTo(1.5 + u, 8);
    }
  });
});

describe("what parties know by themselves", () => {
  it("is a user's mean where a party has one user", () => {
    const train = stars(
      [
        [0, 0, 5],
        [0, 1, 2],
        [1, 0, 1],
        [1, 2, 2],
      ],
      4,
    );
    const scores = localOnly(train, [[1], [0]], { users: 0, items: 1e9 });
    expect(scores.of(0)[3]).toBeCloseTo(3.5, 6);
    expect(scores.of(1)[3]).toBeCloseTo(1.5, 6);
    expect(() => localOnly(train, [[0]]).of(1)).toThrow("user 1 belongs to no party");
  });

  it("is the bias model where one party has everybody", () => {
    const everybody = Array.from({ length: TASTES.train.size }, (_, user) => user);
    expect(rmse(localOnly(TASTES.train, [everybody]))).toBeCloseTo(rmse(biasBaseline(TASTES.train)), 12);
  });
});

it("popularity counts the users of an item", () => {
  const train = stars(
    [
      [0, 0, 5],
      [0, 2, 2],
      [1, 2, 1],
    ],
    3,
  );
  expect([...Array.from(popularityBaseline(train).of(1))]).toEqual([1, 0, 2]);
});

describe("item neighbourhoods", () => {
  it("move a prediction by what the user said of a similar item, and by nothing where there is none", () => {
    // Items 0 and 1 go together; who has rated 0 alone gets the residual of 0 added for 1. Item 3 has no users in common.
    const train = stars(
      [
        [0, 0, 5],
        [0, 1, 5],
        [0, 2, 3],
        [1, 0, 1],
        [1, 1, 1],
        [1, 2, 3],
        [2, 0, 5],
        [3, 3, 4],
      ],
      4,
    );
    const penalties = { users: 1e9, items: 1e9 };
    const { mean } = fitBiases(train, penalties);
    const scores = itemKnn(train, { shrinkage: 0, penalties });
    expect(scores.of(2)[1]).toBeCloseTo(mean + (5 - mean), 5);
    expect(scores.of(2)[3]).toBeCloseTo(mean, 5);
    expect(scores.of(3)[0]).toBeCloseTo(mean, 5);
  });

  it("see two tastes where biases see none", () => {
    expect(rmse(itemKnn(TASTES.train, { shrinkage: 5 }))).toBeLessThan(0.6 * rmse(biasBaseline(TASTES.train)));
  });

  it("rest on the nearest k items", () => {
    const one = itemKnn(TASTES.train, { neighbours: 1, shrinkage: 5 });
    const all = itemKnn(TASTES.train, { neighbours: 20, shrinkage: 5 });
    expect(rmse(one)).toBeLessThan(rmse(biasBaseline(TASTES.train)));
    expect(rmse(all)).toBeLessThan(rmse(one));
  });
});

describe("EASE", () => {
  it("has the weights at which its objective is flat, with zeros on the diagonal", () => {
    const [train, penalty] = [TASTES.train, 7];
    const least = wantedFrom(train.scale);
    const wanted = Array.from({ length: train.size }, (_, user) =>
      ratingsOf(train.known, user).filter(({ value }) => value >= least),
    );
    const n = train.items;
    const x = wanted.map((row) => Array.from({ length: n }, (_, i) => (row.some(({ item }) => item === i) ? 1 : 0)));
    const gram = (i: number, j: number) => x.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0);
    // Scores are X B, so B follows from the scores of the users by least squares; single items give its rows at once.
    const singles = stars(
      Array.from({ length: n }, (_, i) => [i, i, 5] as const),
      n,
    );
    const scores = ease(train, penalty);
    const alone = ease(singles, penalty);
    expect(Array.from(alone.of(3))).toEqual(new Array(n).fill(expect.closeTo(0, 12)));
    // ∂/∂B (‖X − XB‖² + λ‖B‖²) = 0 off the diagonal, written with S = X B: Xᵀ(S − X) + λ B = 0, and Xᵀ X B = Xᵀ S.
    const s = x.map((_, user) => scores.of(user));
    const xs = (i: number, j: number) => x.reduce((sum, row, user) => sum + (row[i] ?? 0) * (s[user]?.[j] ?? 0), 0);
    const b = solve(n, gram, xs);
    for (let i = 0; i < n; i++) {
      expect(b[i]?.[i]).toBeCloseTo(0, 8);
      for (let j = 0; j < n; j++) {
        if (i !== j) expect(xs(i, j) - gram(i, j) + penalty * (b[i]?.[j] ?? Number.NaN)).toBeCloseTo(0, 6);
      }
    }
  });

  it("needs an invertible matrix: symmetric and positive definite", () => {
    const random = rng(key("matrix"));
    const n = 7;
    const a = Array.from({ length: n }, () => Array.from({ length: n }, () => random.normal()));
    const gram = Float64Array.from({ length: n * n }, (_, e) => {
      const [i, j] = [Math.floor(e / n), e % n];
      return a.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), i === j ? 0.1 : 0);
    });
    const p = inverse(gram, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += (gram[i * n + k] ?? 0) * (p[k * n + j] ?? 0);
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 8);
      }
    }
    expect(() => inverse(Float64Array.from([1, 2, 2, 1]), 2)).toThrow("pivot 1 is -3");
  });
});

describe("models that learn tastes", () => {
  it("matrix factorisation is a function of its key and beats the biases", () => {
    const options = { key: key(1), factors: 4, learningRate: 0.03, penalty: 0.03 };
    const scores = factorisation(TASTES.train, options);
    expect(rmse(scores)).toBeLessThan(0.6 * rmse(biasBaseline(TASTES.train)));
    expect(scores.of(3)).toEqual(factorisation(TASTES.train, options).of(3));
  });

  it("the joint autoencoder beats the biases, chosen by validation", async () => {
    const engine = await engineFor();
    const scores = await jointAutoencoder(TASTES.train, {
      engine,
      key: key(1),
      hidden: 16,
      code: 4,
      epochs: 100,
      batchSize: 10,
      learningRate: 0.01,
      dropout: 0.1,
      selection: { on: TASTES.validation, every: 20, patience: 3 },
    });
    expect(scores.kind).toBe("ratings");
    expect(rmse(scores)).toBeLessThan(0.7 * rmse(biasBaseline(TASTES.train)));
  });

  it("give logits or an order for likes", async () => {
    const likes = implicitFeedback(TASTES.train, 3.5);
    const engine = await engineFor();
    const shape = { hidden: 8, code: 4, epochs: 40, batchSize: 20, learningRate: 0.02, dropout: 0 };
    const scores = await jointAutoencoder(likes, { engine, key: key(1), ...shape });
    const measured = measureRatings(implicitFeedback(TASTES.test, 3.5), scores);
    expect(scores.kind).toBe("logits");
    expect(meanOf(measured, "accuracy")).toBeGreaterThan(0.8);
    expect(biasBaseline(likes).kind).toBe("order");
  });
});

/** Solves A B = C for a symmetric A, through `inverse` of A with the least ridge that rounding needs. */
function solve(n: number, a: (i: number, j: number) => number, c: (i: number, j: number) => number): number[][] {
  const matrix = Float64Array.from({ length: n * n }, (_, e) => a(Math.floor(e / n), e % n));
  const p = inverse(matrix, n);
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += (p[i * n + k] as number) * c(k, j);
      return sum;
    }),
  );
}
