import { key, split } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import type { CatalogueScores, Evaluation, RatingsDataset } from "@concord/learning";
import {
  biasBaseline,
  ease,
  exampleCount,
  factorisation,
  itemKnn,
  jointAutoencoder,
  localOnly,
  meanOf,
  measureRatings,
  popularityBaseline,
} from "@concord/learning";
import { z } from "zod";
import type { Sharing } from "../shares.ts";
import { sharedSplit, usersOfParties } from "../shares.ts";

/** Recommenders that a run puts beside its own: all but "local" see everybody's training ratings in one place. */
export const baselinesSchema = z
  .array(z.enum(["bias", "popularity", "local", "item-knn", "ease", "factorisation", "joint"]))
  .refine((names) => new Set(names).size === names.length, "a baseline is named twice");
type Name = z.output<typeof baselinesSchema>[number];

export interface BaselineResult {
  /** Global, as everything here over the same held-out ratings as the run's own; null where scores are only an order. */
  readonly rmse: number | null;
  readonly mae: number | null;
  readonly ndcg10: number | null;
  readonly recall10: number | null;
  readonly heldOutNdcg10: number | null;
  readonly seconds: number;
}

/** The most epochs of the joint autoencoder, and how often its validation is looked at. */
const [MOST_EPOCHS, EVERY, PATIENCE] = [300, 5, 3];

/** Fits the named recommenders to the ratings that the parties of a run train on, and measures them on what the parties hold out. */
export async function baselineResults(
  names: readonly Name[],
  ratings: RatingsDataset,
  sharing: Sharing,
  part: "validation" | "test",
): Promise<Readonly<Record<string, BaselineResult>>> {
  const { train, validation, test } = sharedSplit(ratings, sharing);
  const heldOut = part === "test" ? test : validation;
  const seed = split(key(sharing.seed), "baselines");
  const fit: Record<Name, () => CatalogueScores | Promise<CatalogueScores>> = {
    bias: () => biasBaseline(train),
    popularity: () => popularityBaseline(train),
    local: () => localOnly(train, usersOfParties(ratings, sharing)),
    "item-knn": () => itemKnn(train),
    ease: () => ease(train),
    factorisation: () => factorisation(train, { key: split(seed, "factorisation") }),
    joint: async () =>
      jointAutoencoder(train, {
        ...JOINT,
        engine: await engineFor(),
        key: split(seed, "joint"),
        ...(exampleCount(validation) > 0 && { selection: { on: validation, every: EVERY, patience: PATIENCE } }),
      }),
  };
  const results: [string, BaselineResult][] = [];
  for (const name of names) {
    const started = performance.now();
    const measured = measureRatings(heldOut, await fit[name]());
    const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
    results.push([name, { ...told(measured, ratings.feedback), seconds }]);
  }
  return Object.fromEntries(results);
}

/** What was chosen for the joint autoencoder on the validation ratings of MovieLens 100K; the rest as published. */
const JOINT = { epochs: MOST_EPOCHS, batchSize: 100, userBias: 5, inputDropout: 0.5, weightDecay: 0.005 };

function told(measured: Evaluation, feedback: RatingsDataset["feedback"]): Omit<BaselineResult, "seconds"> {
  const loss = meanOf(measured, "loss");
  return {
    rmse: feedback === "explicit" && loss !== undefined ? Math.sqrt(loss) : null,
    mae: meanOf(measured, "absoluteError") ?? null,
    ndcg10: meanOf(measured, "ndcg10") ?? null,
    recall10: meanOf(measured, "recall10") ?? null,
    heldOutNdcg10: meanOf(measured, "heldOutNdcg10") ?? null,
  };
}
