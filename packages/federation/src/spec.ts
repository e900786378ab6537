import { taskSpecSchema } from "@concord/learning";
import { z } from "zod";
import { personalfrSpecSchema } from "./personalfr/spec.ts";

/** Algorithms that a federation can name. */
export const algorithmSpecSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.enum(["fedavg", "fedsgd"]),
    /** T: local steps of each party in a round. */
    localSteps: z.int().min(1).max(100_000),
    /** Parties drawn for each round; all of them where it is not given. */
    activeParties: z.int().min(1).max(100_000).optional(),
  }),
  personalfrSpecSchema,
]);

/** How many of the parties that are due must reply before an exchange may be merged without the others. */
export const quorumSchema = z.union([z.literal("all"), z.number().gt(0).max(1)], {
  error: 'expected "all" or a fraction above 0 and up to 1',
});

/**
 * A federation as its operator states it: task, algorithm, and the conditions of a round.
 * It travels to the parties as it is, so it holds no secret.
 */
const statedFederationSchema = z.strictObject({
  name: z.string().min(1).max(100),
  task: taskSpecSchema,
  /** The data set the parties are expected to bring, for the eyes of people. */
  dataset: z.string().min(1).max(200),
  algorithm: algorithmSpecSchema,
  rounds: z.int().min(1).max(1_000_000),
  /** Every random choice follows from it. */
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** The first round starts when so many parties have joined. */
  minimumParties: z.int().min(1).max(100_000).default(1),
  quorum: quorumSchema.default("all"),
  /** Seconds after the first lease of a segment's exchange until those who have not replied are dropped from it. */
  exchangeDeadline: z
    .number()
    .min(0.1)
    .max(7 * 86_400)
    .default(600),
  /** Seconds after which a round that cannot reach its quorum is void. */
  roundDeadline: z
    .number()
    .min(0.1)
    .max(30 * 86_400)
    .default(3_600),
  /** Seconds a lease lasts without a heartbeat. */
  leaseSeconds: z.number().min(0.5).max(3_600).default(30),
  evaluation: z
    .strictObject({
      /** Evaluate after every so many rounds, and after the last. */
      every: z.int().min(1).default(1),
      /** Who evaluates: every party that takes part in the federation, or the members of the round. */
      parties: z.enum(["all", "members"]).default("all"),
    })
    .prefault({}),
});

export const federationSpecSchema = statedFederationSchema.superRefine(({ task, algorithm }, context) => {
  const recommends = task.model.kind === "autoencoder";
  // Averaging is there to compare with: it sends the encoder, too.
  const fits = algorithm.kind === "personalfr" ? recommends : !recommends || algorithm.kind === "fedavg";
  if (fits) return;
  const message = recommends
    ? `a recommender is trained by "personalfr" or, to compare with, "fedavg", not by "${algorithm.kind}"`
    : `"personalfr" trains a model of kind "autoencoder", not "${task.model.kind}"`;
  context.addIssue({ code: "custom", path: ["algorithm", "kind"], message });
});

export type AlgorithmSpec = z.output<typeof algorithmSpecSchema>;
export type FederationSpec = z.output<typeof federationSpecSchema>;
export type Quorum = z.output<typeof quorumSchema>;

/** True if so many replies are enough to merge an exchange at which `due` parties are due. */
export function reachesQuorum(quorum: Quorum, replies: number, due: number): boolean {
  // 0.55 of 100 is 55, though in floating point it is a little more.
  const enough = quorum === "all" ? due : Math.ceil(quorum * due - 1e-9);
  return replies > 0 && replies >= enough;
}
