import { federationSpecSchema, trafficSchema } from "@concord/federation";
import {
  blobIdSchema,
  ConcordError,
  evaluationSchema,
  federationStatusSchema,
  fromZod,
  labelsSchema,
  paletteNameSchema,
  paletteSolutionSchema,
  paletteStatusSchema,
  partyStatusSchema,
  samplingSchema,
} from "@concord/protocol";
import { z } from "zod";

/**
 * The records of the contract as schemas. A store checks what it is given, so that it never keeps what it could not read
 * again, and checks what it reads, so that a damaged record is reported as one and not as a strange round.
 */
const count = z.int().min(0);
const instant = z.number();
const round = z.int().min(1);

const planSchema = z.object({
  round,
  steps: z.int().min(1),
  members: z.array(z.object({ party: z.string(), examples: count, exchanges: z.array(z.int().min(1)) })),
  group: z.object({ parties: z.array(z.string()), divergence: z.number().min(0) }).optional(),
  whole: z.object({ parties: count, examples: count }).optional(),
});

const resultSchema = z.object({
  trainLoss: z.number().nullable(),
  accuracy: z.number().nullable(),
  loss: z.number().nullable(),
  evaluatedParties: count,
  evaluatedExamples: count,
  completed: z.array(z.string()),
  missed: z.record(z.string(), z.array(z.int().min(1))).optional(),
  wireUp: count,
  wireDown: count,
});

export const federationRecord = z.object({
  id: z.string(),
  spec: federationSpecSchema,
  status: federationStatusSchema,
  createdAt: instant,
  round: count,
  state: blobIdSchema,
});
export const federationChange = federationRecord.pick({ status: true, round: true, state: true }).partial();

export const keyRecord = z.object({
  hash: z.string(),
  role: z.enum(["operator", "viewer", "party", "tenant"]),
  federation: z.string().nullable(),
  party: z.string().nullable(),
  once: z.boolean(),
  expiresAt: instant.nullable(),
});

export const inviteRecord = z.object({
  hash: z.string(),
  federation: z.string(),
  party: z.string().nullable(),
  usesLeft: count,
  expiresAt: instant,
});

export const partyRecord = z.object({
  federation: z.string(),
  id: z.string(),
  name: z.string(),
  status: partyStatusSchema,
  client: z.string(),
  examples: count,
  heldOut: count,
  labels: labelsSchema.nullable(),
  joinedAt: instant,
});

export const roundRecord = z.object({
  federation: z.string(),
  round,
  status: z.enum(["training", "evaluating", "finished", "void"]),
  plan: planSchema,
  startedAt: instant,
  endedAt: instant.nullable(),
  evaluators: z.array(z.string()).nullable(),
  stateBefore: blobIdSchema,
  result: resultSchema.nullable(),
});
export const roundChange = roundRecord.pick({ status: true, endedAt: true, evaluators: true, result: true }).partial();

export const segmentRecord = z.object({
  federation: z.string(),
  round,
  party: z.string(),
  segment: count,
  outcome: z.enum(["replied", "dropped"]),
  update: blobIdSchema.nullable(),
  loss: z.number().nullable(),
  at: instant,
});

export const mergeRecord = z.object({
  federation: z.string(),
  round,
  step: z.int().min(1),
  state: blobIdSchema,
  parties: z.array(z.string()),
});

export const evaluationRecord = z.object({
  federation: z.string(),
  round,
  party: z.string(),
  evaluation: evaluationSchema.nullable(),
});

export const leaseRecord = z.object({
  id: z.string(),
  federation: z.string(),
  party: z.string(),
  round,
  kind: z.enum(["train", "evaluate"]),
  segment: count.nullable(),
  model: blobIdSchema,
  expiresAt: instant,
});

export const trafficRecord = z.object({
  federation: z.string(),
  party: z.string(),
  round: count,
  purpose: z.enum(["train", "evaluate"]),
  traffic: trafficSchema,
});

export const tenantRecord = z.object({ name: paletteNameSchema, hash: z.string(), createdAt: instant });

const liveSums = z.object({
  requests: count,
  candidates: count,
  failed: count,
  levels: z.record(z.string(), z.object({ mean: z.number(), squares: z.number().min(0) })),
});

export const paletteRecord = z.object({
  name: paletteNameSchema,
  version: z.int().min(1),
  createdAt: instant,
  base: z.string(),
  targets: z.string(),
  k: z.int().min(2),
  sampling: samplingSchema,
  status: paletteStatusSchema,
  problem: z.string().nullable(),
  solution: paletteSolutionSchema.nullable(),
  live: liveSums.nullable(),
});
export const paletteChange = paletteRecord.pick({ status: true, problem: true, solution: true, live: true }).partial();

export const answerRecord = z.object({
  seq: z.int().min(1),
  palette: paletteNameSchema,
  version: z.int().min(1),
  at: instant,
  prompt: z.string(),
  picked: count,
  candidates: z.array(
    z.object({ text: z.string(), rewards: z.record(z.string(), z.number()), weight: z.number().min(0) }),
  ),
});

/** A copy of `value` without unknown fields. Throws ConcordError `invalid_argument`, naming the field, if it is wrong. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw fromZod(parsed.error, what);
  return parsed.data;
}

/** A record as it was read. Throws ConcordError `internal`, naming the field, if it is not what this version writes. */
export function recalled<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { message } = fromZod(parsed.error, what);
  throw new ConcordError(
    "internal",
    `the store holds a record that cannot be read: ${message}; use the version of Concord that wrote it, or a backup`,
    { cause: parsed.error },
  );
}
