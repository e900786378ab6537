import { key, rng } from "@concord/engine";
import type { Rating, RatingsDataset } from "@concord/learning";
import { ratingsDataset, splitRatings, subset } from "@concord/learning";
import type { SimulatedParty } from "../src/simulator.ts";
import type { FederationSpec } from "../src/spec.ts";
import { federationSpecSchema } from "../src/spec.ts";

/** Items of the tiny catalogue; two of the widths below. */
export const TINY_ITEMS = 40;

/** A federated recommender that a test runs in a second. */
export function tinyRecommender(
  algorithm: Record<string, unknown> = {},
  overrides: Record<string, unknown> = {},
  task: Record<string, unknown> = {},
): FederationSpec {
  return federationSpecSchema.parse({
    name: "tiny films",
    dataset: "made-up films",
    task: {
      model: { kind: "autoencoder", hidden: 6, code: 4 },
      inputShape: [TINY_ITEMS],
      outputs: TINY_ITEMS,
      loss: "mse",
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
      learningRate: 0.1,
      clipNorm: 1,
      batchSize: 2,
      ...task,
    },
    algorithm: {
      ...(algorithm.kind === undefined && { encoder: "published" }),
      kind: "personalfr",
      localSteps: 3,
      ...algorithm,
    },
    rounds: 2,
    seed: 5,
    ...overrides,
  });
}

/** Ratings of made-up users with two kinds of taste: even items or odd ones. */
export function tinyRatings(users: number): RatingsDataset {
  const random = rng(key("tiny ratings"));
  const ratings: Rating[] = [];
  for (let user = 0; user < users; user++) {
    for (let item = 0; item < TINY_ITEMS; item++) {
      if (random.uniform() < 0.6) continue;
      const likes = item % 2 === user % 2;
      ratings.push({ user: `${user}`, item: `${item}`, value: likes ? 4 + random.below(2) : 1 + random.below(2) });
    }
  }
  return ratingsDataset(ratings, {
    name: "made-up films",
    scale: { min: 1, max: 5, step: 1 },
    itemIds: Array.from({ length: TINY_ITEMS }, (_, item) => `${item}`),
    userIds: Array.from({ length: users }, (_, user) => `${user}`),
    generated: true,
  });
}

/** Parties "a", "b", … with so many users each. */
export function tinyRecommenderParties(sizes: readonly number[]): SimulatedParty<RatingsDataset>[] {
  const all = tinyRatings(sizes.reduce((sum, size) => sum + size, 0));
  const { train, test } = splitRatings(all, { kind: "per-user", test: 0.2, validation: 0 }, key(2));
  let next = 0;
  return sizes.map((size, i) => {
    const users = Array.from({ length: size }, () => next++);
    return { id: String.fromCharCode(97 + i), train: subset(train, users), heldOut: subset(test, users) };
  });
}
