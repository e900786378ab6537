import { type Coordinator, memoryBlobs, memoryStore, startCoordinator } from "@concord/coordinator";
import { key, rng } from "@concord/engine";
import { type FederationSpec, federationSpecSchema } from "@concord/federation";
import { type Rating, type RatingsDataset, ratingsDataset, splitRatings, subset } from "@concord/learning";
import { onTestFinished } from "vitest";

const ITEMS = 40;

/** A recommender of forty made-up films that trains in milliseconds. */
export function smallRecommender(encoder: string, parties: number, algorithm: object = {}): FederationSpec {
  return federationSpecSchema.parse({
    name: "small films",
    dataset: "made-up films",
    task: {
      model: { kind: "autoencoder", hidden: 6, code: 4 },
      inputShape: [ITEMS],
      outputs: ITEMS,
      loss: "mse",
      optimizer: { kind: "sgd", momentum: 0.9 },
      learningRate: 0.1,
      batchSize: 2,
    },
    algorithm: { kind: "personalfr", localSteps: 3, encoder, userBias: 5, ...algorithm },
    rounds: 2,
    seed: 5,
    minimumParties: parties,
    leaseSeconds: 3,
  });
}

/** Parties "a", "b", … with so many users each: their ratings to train on and those held out. */
export function smallRaters(
  sizes: readonly number[],
): { id: string; train: RatingsDataset; heldOut: RatingsDataset }[] {
  const random = rng(key("small films"));
  const ids = sizes.flatMap((size, party) => Array.from({ length: size }, (_, i) => `${party}-${i}`));
  const ratings: Rating[] = [];
  for (const user of ids) {
    for (let item = 0; item < ITEMS; item++) {
      if (random.uniform() < 0.4) ratings.push({ user, item: `${item}`, value: 1 + random.below(5) });
    }
  }
  const all = ratingsDataset(ratings, {
    name: "made-up films",
    scale: { min: 1, max: 5, step: 1 },
    itemIds: Array.from({ length: ITEMS }, (_, item) => `${item}`),
    userIds: ids,
    generated: true,
  });
  const { train, test } = splitRatings(all, { kind: "per-user", test: 0.2, validation: 0 }, key("held out"));
  return sizes.map((_, party) => {
    const users = [...ids.keys()].filter((u) => ids[u]?.startsWith(`${party}-`));
    return { id: String.fromCharCode(97 + party), train: subset(train, users), heldOut: subset(test, users) };
  });
}

/** A coordinator in memory with the federation "films"; it closes with the test. */
export async function filmsCoordinator(spec: FederationSpec): Promise<Coordinator> {
  const coordinator = await startCoordinator({
    store: { ...memoryStore(), close: async () => {} },
    blobs: memoryBlobs(),
    port: 0,
  });
  onTestFinished(() => coordinator.close());
  await coordinator.createFederation("films", spec);
  return coordinator;
}

/** A `fetch` that keeps every byte that goes out: addresses with headers, and bodies. */
export function heardFetch(): { readonly fetch: typeof fetch; readonly sent: readonly Uint8Array[] } {
  const sent: Uint8Array[] = [];
  return {
    sent,
    async fetch(input, init) {
      const request = new Request(input, init);
      sent.push(new TextEncoder().encode(request.url + JSON.stringify([...request.headers])));
      sent.push(new Uint8Array(await request.clone().arrayBuffer()));
      return await fetch(request);
    },
  };
}
