import { z } from "zod";
import { paletteNameSchema } from "./palettes.ts";

/**
 * Requests and answers of the gateway in OpenAI's shape, as far as a palette can serve it. What a request holds beside the
 * fields below is looked at and refused by name, so that nobody gets something else than they asked for.
 */
export const chatRequestSchema = z.looseObject({
  /** `base@palette` or `base@palette:version`. */
  model: z.string().min(1).max(200),
  messages: z
    .array(z.looseObject({ role: z.string(), content: z.unknown() }))
    .min(1)
    .max(1_000),
});
export const textRequestSchema = z.looseObject({ model: z.string().min(1).max(200), prompt: z.unknown() });

/** How an answer was picked. */
export const paletteTraceSchema = z.object({
  palette: paletteNameSchema,
  version: z.int(),
  lambda: z.record(z.string(), z.number()),
  /** In the order in which they were drawn: rewards, λ·r, and the probability with which each was picked. */
  candidates: z.array(z.object({ rewards: z.record(z.string(), z.number()), score: z.number(), weight: z.number() })),
  picked: z.int(),
  verdict: z.string(),
  /** The same seed and candidates give the same pick. */
  seed: z.int(),
  /** Candidates that came, and those that did not. */
  drawn: z.int(),
  failed: z.int(),
  /** Why candidates failed; empty if none did. */
  problems: z.array(z.string()),
});
export type PaletteTrace = z.output<typeof paletteTraceSchema>;

/** Tokens of all candidates, as the base counts them: they are what the answer costs. */
export const usageSchema = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
});

const finish = z.enum(["stop", "length"]);
const head = { id: z.string(), created: z.int(), model: z.string() };

export const chatCompletionSchema = z.object({
  ...head,
  object: z.literal("chat.completion"),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
      logprobs: z.null(),
      finish_reason: finish,
    }),
  ),
  usage: usageSchema,
  x_palette: paletteTraceSchema,
});
export type ChatCompletion = z.output<typeof chatCompletionSchema>;

export const textCompletionSchema = z.object({
  ...head,
  object: z.literal("text_completion"),
  choices: z.array(z.object({ index: z.int(), text: z.string(), logprobs: z.null(), finish_reason: finish })),
  usage: usageSchema,
  x_palette: paletteTraceSchema,
});
export type TextCompletion = z.output<typeof textCompletionSchema>;

/** GET /v1/models/:model. */
export const modelSchema = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});
/** GET /v1/models: the palettes that answer now. */
export const modelListSchema = z.object({ object: z.literal("list"), data: z.array(modelSchema) });
