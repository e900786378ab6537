import { z } from "zod";

/** What the gateway is told about palettes and what it tells; targets are written as `concord align solve` reads them. */
export const paletteNameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "expected a-z, 0-9 and -");

const count = z.int().min(0);
const levels = z.record(z.string(), z.number());

/** How the base model draws. It belongs to the palette: other settings give other rewards. */
export const samplingSchema = z.strictObject({
  temperature: z
    .number()
    .gt(0, "expected more than 0: at temperature 0 all candidates are alike and there is nothing to pick from")
    .max(2)
    .default(1),
  topP: z.number().gt(0).max(1).default(1),
  maxTokens: z.int().min(1).max(100_000).default(256),
});
export type Sampling = z.output<typeof samplingSchema>;

const target = z.union([z.number(), z.string().min(1).max(100)]);
/** `"humor=2.46,helpful=mean,harmless=q70"`, or the same as an object; a list holds several targets of one value. */
export const targetsSchema = z.union([
  z.string().min(1).max(5_000),
  z.record(z.string().min(1).max(100), z.union([target, z.array(target).min(1).max(20)])),
]);

const reward = z.union([z.number(), z.string()]);
/** What the palette is solved on. */
export const pilotSchema = z.discriminatedUnion("kind", [
  /** Rewards of answers that the base gave before: CSV, JSON or JSON Lines as text, or rows; `prompt_id` is the prompt. */
  z.strictObject({
    kind: z.literal("rewards"),
    rewards: z.union([z.string().min(1), z.array(z.record(z.string(), reward)).min(1)]),
    /** The column that says which prompt an answer belongs to. */
    promptColumn: z.string().min(1).max(100).optional(),
  }),
  /** Prompts to which the gateway draws k answers each and scores them; the palette is `piloting` until then. */
  z.strictObject({
    kind: z.literal("prompts"),
    prompts: z.array(z.string().min(1).max(100_000)).min(2).max(20_000),
    seed: z.int().min(0).default(1),
  }),
  /** The rewards that an earlier version of this palette was solved on. */
  z.strictObject({ kind: z.literal("version"), version: z.int().min(1) }),
]);

/** POST /v1/palettes (operator): makes version 1 of a name, or the next one. Answered by the palette's view. */
export const paletteRequestSchema = z.strictObject({
  name: paletteNameSchema,
  /** One of the operator's bases. */
  base: z.string().min(1).max(63),
  targets: targetsSchema,
  /** Candidates for each answer. */
  k: z.int().min(2).max(128).default(8),
  sampling: samplingSchema.default({ temperature: 1, topP: 1, maxTokens: 256 }),
  pilot: pilotSchema,
});
export type PaletteRequest = z.input<typeof paletteRequestSchema>;

const goalSchema = z.object({
  label: z.string(),
  value: z.string(),
  /** As it was asked for: "q70". */
  target: z.string(),
  /** The level that it means on the pilot, in the unit of the value. */
  level: z.number(),
  base: z.number(),
  sd: z.number(),
});

const found = {
  /** In words. */
  verdict: z.string(),
  slack: z.number(),
  samples: count,
  prompts: count,
  goals: z.array(goalSchema),
  warnings: z.array(z.string()),
};

/** What solving gave, with the names that `concord align solve --dual per-prompt --json` uses. */
export const paletteSolutionSchema = z.discriminatedUnion("feasible", [
  z.object({
    feasible: z.literal(true),
    ...found,
    /** False where too few prompts carry the answer for it to hold outside of them. */
    estimable: z.boolean(),
    /** By label, per unit of reward. */
    lambda: levels,
    realised: levels,
    kl: z.number(),
    ess: z.number(),
    kkt: z.number(),
    /** What one unit more of a goal costs in KL, and what it does to the other values. */
    prices: z.object({ kl: levels, levels: z.record(z.string(), levels) }),
  }),
  z.object({
    feasible: z.literal(false),
    ...found,
    /** Labels that cannot be had together. */
    conflict: z.array(z.string()),
    /** The nearest reachable levels, by label. */
    nearest: levels,
  }),
]);
export type PaletteSolution = z.output<typeof paletteSolutionSchema>;

/** Levels of the answers that were served: expectations over the candidates of each request under its weights. */
export const liveLevelsSchema = z.object({
  requests: count,
  candidates: count,
  /** Candidates that the base did not deliver. */
  failed: count,
  levels: z.array(
    z.object({
      label: z.string(),
      target: z.number(),
      mean: z.number(),
      /** 95 % interval of the mean over requests; null before there are 30. */
      interval: z.tuple([z.number(), z.number()]).nullable(),
      /** The interval lies below the target, or, where the goal is active, above it. */
      drift: z.boolean(),
    }),
  ),
});
export type LiveLevels = z.output<typeof liveLevelsSchema>;

export const paletteStatusSchema = z.enum(["piloting", "ready", "unreachable", "failed"]);

/** A version of a palette. */
export const paletteViewSchema = z.object({
  name: paletteNameSchema,
  version: z.int().min(1),
  base: z.string(),
  /** What requests call it: `base@name:version`; without the version they get the newest that is ready. */
  model: z.string(),
  targets: z.string(),
  k: z.int(),
  sampling: samplingSchema,
  createdAt: z.string(),
  status: paletteStatusSchema,
  /** Prompts of the pilot that are answered and scored; null unless it is under way. */
  progress: z.object({ done: count, all: count }).nullable(),
  /** Why it failed. */
  problem: z.string().nullable(),
  solution: paletteSolutionSchema.nullable(),
  /** Null before the first answer. */
  live: liveLevelsSchema.nullable(),
});
export type PaletteView = z.output<typeof paletteViewSchema>;

/** GET /v1/palettes: the newest version of each, by name; GET …/:name/versions: all versions of one, oldest first. */
export const paletteListSchema = z.object({ palettes: z.array(paletteViewSchema) });

/** GET /v1/palettes/:name/:version/rewards: what the palette was solved on, as CSV with the column `prompt_id`. */
export const pilotRewardsSchema = z.object({ rewards: z.string() });

/** GET /v1/palettes/:name/:version/answers?after=&limit= (operator): what was kept, where the operator has asked for that. */
export const keptAnswersSchema = z.object({
  answers: z.array(
    z.object({
      seq: z.int().min(1),
      time: z.string(),
      prompt: z.string(),
      picked: count,
      candidates: z.array(z.object({ text: z.string(), rewards: levels, weight: z.number() })),
    }),
  ),
});
export type KeptAnswers = z.output<typeof keptAnswersSchema>;

/** GET /v1/gateway: what palettes can be made of. Where the bases are is nobody's business but the operator's. */
export const gatewayViewSchema = z.object({
  /** False where the coordinator was started without a gateway. */
  enabled: z.boolean(),
  bases: z.array(z.string()),
  rewards: z.array(z.string()),
  keepPrompts: z.boolean(),
});
export type GatewayView = z.output<typeof gatewayViewSchema>;

/** POST /v1/tenants (operator): a key for somebody who may ask the gateway. It is shown once. */
export const tenantRequestSchema = z.strictObject({ name: paletteNameSchema });
export const tenantResponseSchema = z.object({ name: z.string(), key: z.string() });
export const tenantListSchema = z.object({ tenants: z.array(z.object({ name: z.string(), createdAt: z.string() })) });
