import type { FederationSpec } from "@concord/federation";
import { federationSpecSchema } from "@concord/federation";
import type { RatingsDataset } from "@concord/learning";
import { GENERATED_FILMS, implicitFeedback, taskDefaults } from "@concord/learning";
import { films } from "../catalogue.ts";
import type { Options } from "../commands/start.ts";
import { asInput, LIKED_FROM } from "../datasets.ts";
import { InputError } from "../output.ts";
import { ratingShares } from "../shares.ts";
import type { Beginning } from "./beginning.ts";
import { startConditions } from "./federation.ts";

const DATASETS = ["movielens-100k", "generated-films"];

/** `concord start --recommender`: films, from MovieLens 100K where it is, else generated ones. */
export async function recommender(options: Options): Promise<Beginning> {
  const { dataset: named } = options;
  if (named !== undefined && !DATASETS.includes(named)) {
    throw new InputError(`start --dataset: a recommender knows ${DATASETS.join(" and ")}, not "${named}"`);
  }
  const asked = named === "generated-films" ? GENERATED_FILMS : (named ?? "movielens-100k");
  const wanted =
    named === undefined ? await films(asked).catch(() => films(GENERATED_FILMS)) : await asInput(() => films(asked));
  return {
    prefix: "recommender",
    spec: federationOf(asSaid(wanted.ratings, options.likes), options),
    async sharesOf({ dataset, task, minimumParties, seed }) {
      const ratings = asSaid((await films(dataset)).ratings, task.loss === "bce");
      const split = { kind: "per-user", test: 0.1, validation: 0 } as const;
      const sharing = { parties: minimumParties, partition: { kind: "iid" }, heldOut: 0, seed, split } as const;
      return { shares: ratingShares(ratings, sharing, "test"), generated: ratings.generated };
    },
    sample: undefined,
  };
}

function asSaid(stars: RatingsDataset, likes: boolean): RatingsDataset {
  return likes ? implicitFeedback(stars, LIKED_FROM) : stars;
}

/**
 * Every built-in party has many users and a visitor is one; each holds a vector for each of its users, which is all that an
 * encoder gives to a user whose row does not change.
 */
function federationOf(ratings: RatingsDataset, options: Options): FederationSpec {
  const { rounds = 200, localSteps = 6, seed } = options;
  return federationSpecSchema.parse({
    name: ratings.generated ? "Generated films" : "Films",
    dataset: ratings.name,
    task: {
      ...taskDefaults(ratings),
      model: { kind: "autoencoder" },
      optimizer: { kind: "sgd" },
      learningRate: 0.1,
      clipNorm: 1,
      batchSize: 20,
    },
    algorithm: {
      kind: "personalfr",
      localSteps,
      encoder: "vector",
      privateOptimizer: { kind: "adam", learningRate: 0.02 },
      userBias: 5,
      decoderMomentum: "fresh",
      merge: "active",
      server: { kind: "adam", learningRate: 0.003, rowDecay: 0.1 },
      refitSteps: 40,
    },
    rounds,
    seed,
    ...startConditions(options),
    evaluation: { every: 5 },
  });
}
