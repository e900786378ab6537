import { z } from "zod";

/** The algorithm `personalfr` as a specification states it. But for `encoder`, the defaults are those of the published method. */
export const personalfrSpecSchema = z.strictObject({
  kind: z.literal("personalfr"),
  /** T: local steps of each party in a round. */
  localSteps: z.int().min(1).max(100_000),
  /** Parties drawn for each round; all of them where it is not given. */
  activeParties: z.int().min(1).max(100_000).optional(),
  /**
   * What a party keeps to itself: one code for each user ("vector"), which is all that the encoder of a single user can give and as
   * good in our runs (docs/recommender.md), or the published encoder of its users' rows.
   */
  encoder: z.enum(["published", "vector"]).default("vector"),
  /** What a party sends of the last layer: the rows of its own items with their numbers, or all rows. */
  upload: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("rows") }),
      z.strictObject({ kind: z.literal("decoder") }),
    ])
    .prefault({ kind: "rows" }),
  /** What a party does to its update before it goes up, so that it tells less; nothing where it is not given. */
  disguise: z
    .strictObject({
      /** For each row of its own, so many rows of items that the party has not rated, chosen once and for all. */
      decoys: z.int().min(0).max(100).default(0),
      /** The greatest norm of the change that a party sends; a longer one is scaled down. */
      clipNorm: z.number().gt(0).optional(),
    })
    .optional(),
  /** Whose average a row of the last layer becomes: that of all members, or of those who have the item. */
  merge: z.enum(["all", "active"]).default("all"),
  /** What the coordinator does with the average: takes it, or takes a step of Adam along it. */
  server: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("mean") }),
      z.strictObject({
        kind: z.literal("adam"),
        learningRate: z.number().gt(0).max(10),
        /** Share of every weight of the last layer that is taken off in a round at the full learning rate. */
        rowDecay: z.number().min(0).lt(1).default(0),
        /** Learning rate and decay fall to 0 along a cosine over so many rounds. */
        cosineRounds: z.int().min(1).max(1_000_000).optional(),
      }),
    ])
    .prefault({ kind: "mean" }),
  /** A bias for each user that never leaves the party: the mean residual of the user's ratings, with so many zeros added. */
  userBias: z.number().min(0).max(1_000).optional(),
  /** How the private part is trained; as the decoder, with the task's optimiser and rate, where it is not given. */
  privateOptimizer: z.strictObject({ kind: z.literal("adam"), learningRate: z.number().gt(0).max(10) }).optional(),
  /** What a party does with the state of the decoder's optimiser between two rounds. Published: kept. */
  decoderMomentum: z.enum(["kept", "fresh"]).default("kept"),
  /** Share of the code that is dropped in a local step. */
  dropout: z.number().min(0).lt(1).default(0.5),
  /** Local steps with a frozen decoder by which a party that has no private state yet makes one to evaluate with. */
  refitSteps: z.int().min(0).max(10_000).default(20),
});
export type PersonalfrSpec = z.output<typeof personalfrSpecSchema>;
