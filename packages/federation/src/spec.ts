import { taskSpecSchema } from "@concord/learning";
import { z } from "zod";
import { dynamicflSpecSchema } from "./dynamicfl/spec.ts";
import { personalfrSpecSchema } from "./personalfr/spec.ts";

/** What every algorithm is told that averages models. */
const averaging = {
  /** T: local steps of each party in a round. */
  localSteps: z.int().min(1).max(100_000),
  /** Parties drawn for each round; all of them where it is not given. */
  activeParties: z.int().min(1).max(100_000).optional(),
};

/** Algorithms that a federation can name. */
export const algorithmSpecSchema = z.discriminatedUnion("kind", [
  dynamicflSpecSchema,
  z.strictObject({ kind: z.enum(["fedavg", "fedsgd"]), ...averaging }),
  /** Controls for algorithms with several exchanges in a round, see `controls.ts`. */
  z
    .strictObject({
      kind: z.enum(["fedavg-inner", "fedavg-short"]),
      ...averaging,
      /** E: exchanges of each active party in T local steps. */
      exchanges: z.int().min(1).max(100_000),
    })
    .refine(({ exchanges, localSteps }) => exchanges <= localSteps, {
      path: ["exchanges"],
      error: ({ input }) => {
        const { exchanges, localSteps } = input as { exchanges: number; localSteps: number };
        return `${exchanges} exchanges do not fit into ${localSteps} local steps: expected 1 … ${localSteps}`;
      },
    }),
  z.strictObject({
    kind: z.literal("fedprox"),
    ...averaging,
    /** μ of the proximal term μ/2 ‖w − w_t‖². */
    mu: z.number().min(0).max(1e6),
  }),
  z.strictObject({ kind: z.enum(["scaffold", "fednova"]), ...averaging }),
  z.strictObject({
    kind: z.literal("feddyn"),
    ...averaging,
    /** α of the dynamic regulariser; the server divides by it. */
    alpha: z.number().min(1e-6).max(1e6),
  }),
  personalfrSpecSchema,
]);

/** How many of the parties that are due must reply before an exchange may be merged without the others. */
export const quorumSchema = z.union([z.literal("all"), z.number().gt(0).max(1)], {
  error: 'expected "all" or a fraction above 0 and up to 1',
});

const federationFields = {
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
  /** Seconds from the moment an exchange becomes the next one until those who have not replied are dropped from it. */
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
};

/**
 * A federation as its operator states it: task, algorithm, and the conditions of a round.
 * It travels to the parties as it is, so it holds no secret.
 */
export const federationSpecSchema = z
  .strictObject(federationFields)
  .superRefine(({ algorithm, task }, context) => {
    if (algorithm.kind !== "dynamicfl" || algorithm.assignment !== undefined || task.loss === "cross-entropy") return;
    context.addIssue({
      code: "custom",
      path: ["task", "loss"],
      message: `dynamicfl chooses by the counts of labels: expected "cross-entropy", got "${task.loss}" (or an assignment)`,
    });
  })
  .superRefine(({ task, algorithm }, context) => {
    const recommends = task.model.kind === "autoencoder";
    // Averaging is there to compare with: it sends the encoder, too.
    const fits = algorithm.kind === "personalfr" ? recommends : !recommends || algorithm.kind === "fedavg";
    if (fits) return;
    const message = recommends
      ? `a recommender is trained by "personalfr" or, to compare with, "fedavg", not by "${algorithm.kind}"`
      : `"personalfr" trains a model of kind "autoencoder", not "${task.model.kind}"`;
    context.addIssue({ code: "custom", path: ["algorithm", "kind"], message });
  })
  .superRefine(({ algorithm: { kind }, task: { optimizer } }, context) => {
    if ((kind !== "scaffold" && kind !== "fednova") || optimizer.kind === "sgd") return;
    context.addIssue({
      code: "custom",
      path: ["task", "optimizer", "kind"],
      message: `${kind} tells gradients by how far sgd went: expected "sgd", got "${optimizer.kind}"`,
    });
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
