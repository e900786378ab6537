import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { RewardModel } from "@concord/alignment/scoring";
import { classified, diversity, judged } from "@concord/alignment/scoring";
import { decodeTextClassifier } from "@concord/learning";
import { ConcordError, fromZod } from "@concord/protocol";
import { z } from "zod";
import type { BaseModel } from "./base-model.ts";
import { type LocalBase, localBase } from "./local-base.ts";
import { openAiBase } from "./openai-base.ts";
import type { GatewayParts } from "./parts.ts";

const baseName = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, "expected a-z, 0-9, . and -");
const rewardName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, "expected letters, digits, _ and -");
const file = z.string().min(1);
const seconds = z.number().gt(0).max(3_600);

const openAiSchema = z
  .strictObject({
    kind: z.literal("openai"),
    name: baseName,
    url: z.url({ protocol: /^https?$/, error: "expected the address of an API, such as https://api.example/v1" }),
    model: z.string().min(1).max(200),
    keyFile: file.optional(),
    keyEnv: z.string().min(1).optional(),
    parallel: z.int().min(1).max(10_000).default(64),
    timeoutSeconds: seconds.default(60),
    seeds: z.boolean().default(true),
    lengthField: z.enum(["max_tokens", "max_completion_tokens"]).default("max_tokens"),
  })
  .refine(({ keyFile, keyEnv }) => keyFile === undefined || keyEnv === undefined, {
    path: ["keyEnv"],
    error: "the key comes from keyFile or from keyEnv, not from both",
  })
  .refine(({ url }) => isPlain(url), {
    path: ["url"],
    error: "a user name, a password, a query or a fragment has no place here; keys come from keyFile or keyEnv",
  });

const localSchema = z.strictObject({
  kind: z.literal("local"),
  name: baseName,
  /** A model file of llama2.c. */
  model: file,
  tokenizer: file,
  timeoutSeconds: seconds.default(120),
});

const rewardSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("diversity"), name: rewardName }),
  z.strictObject({ kind: z.literal("perplexity"), name: rewardName, base: baseName }),
  z.strictObject({
    kind: z.literal("classifier"),
    name: rewardName,
    /** A text classifier as safetensors. */
    file,
    scale: z.enum(["probability", "log-odds"]).default("probability"),
    reads: z.enum(["answer", "both"]).default("both"),
  }),
  z
    .strictObject({
      kind: z.literal("judge"),
      name: rewardName,
      base: baseName,
      rubric: z.string().min(1).max(10_000),
      lowest: z.number().default(0),
      highest: z.number().default(10),
      parallel: z.int().min(1).max(1_000).default(8),
    })
    .refine(({ lowest, highest }) => lowest < highest, {
      path: ["highest"],
      error: "must be above lowest",
    }),
]);

const operatorFileSchema = z
  .strictObject({
    bases: z.array(z.discriminatedUnion("kind", [openAiSchema, localSchema])).min(1),
    rewards: z.array(rewardSchema).min(1),
    keepPrompts: z.boolean().default(false),
    /** Requests in the gateway at a time, those that wait included. */
    requests: z.int().min(1).max(100_000).default(256),
  })
  .superRefine(({ bases, rewards }, context) => {
    const wrong = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
    for (const [field, named] of [
      ["bases", bases],
      ["rewards", rewards],
    ] as const) {
      named.forEach(({ name }, i) => {
        if (named.findIndex((other) => other.name === name) < i) wrong([field, i, "name"], `"${name}" is there twice`);
      });
    }
    rewards.forEach((reward, i) => {
      if (!("base" in reward)) return;
      const base = bases.find(({ name }) => name === reward.base);
      if (base === undefined) wrong(["rewards", i, "base"], `there is no base "${reward.base}"`);
      else if (reward.kind === "perplexity" && base.kind !== "local") {
        wrong(["rewards", i, "base"], `perplexity needs a local base; "${reward.base}" is ${base.kind}`);
      }
    });
  });

type OperatorFile = z.output<typeof operatorFileSchema>;

export interface OpenOptions {
  /** What relative paths are relative to. */
  readonly folder: string;
  /** Where `keyEnv` is looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens what an operator's file describes: reads its keys, loads its models.
 * Throws ConcordError `invalid_argument` with the field as `param`, such as `bases.0.keyFile`.
 */
export async function openOperatorFile(value: unknown, options: OpenOptions): Promise<GatewayParts> {
  const parsed = operatorFileSchema.safeParse(value);
  if (!parsed.success) throw fromZod(parsed.error, "the gateway");
  const { bases: specs, rewards, keepPrompts, requests } = parsed.data;
  const bases = new Map<string, BaseModel>();
  const locals = new Map<string, LocalBase>();
  try {
    for (const [i, spec] of specs.entries()) {
      const base = await openBase(spec, `bases.${i}`, options);
      bases.set(spec.name, base);
      if ("perplexity" in base) locals.set(spec.name, base);
    }
    const models: RewardModel[] = [];
    for (const [i, spec] of rewards.entries()) {
      models.push(await openReward(spec, `rewards.${i}`, { bases, locals }, options));
    }
    return { bases: [...bases.values()], rewards: models, keepPrompts, requests };
  } catch (error) {
    await Promise.all([...bases.values()].map((base) => base.close()));
    throw error;
  }
}

async function openBase(
  spec: OperatorFile["bases"][number],
  at: string,
  { folder, env }: OpenOptions,
): Promise<BaseModel | LocalBase> {
  if (spec.kind === "local") {
    const { name, timeoutSeconds } = spec;
    const files = { model: resolve(folder, spec.model), tokenizer: resolve(folder, spec.tokenizer) };
    return localBase({ name, ...files, timeoutSeconds }).catch((error: unknown) => {
      const { param, message } = ConcordError.from(error);
      throw param === undefined ? error : wrong(`${at}.${param}`, message.replace(/^\w+: /, ""));
    });
  }
  const { keyFile, keyEnv } = spec;
  let key: string | undefined;
  if (keyFile !== undefined) key = (await read(keyFile, `${at}.keyFile`, folder)).toString("utf8").trim();
  if (keyEnv !== undefined) key = env[keyEnv]?.trim();
  const from = keyFile === undefined ? "keyEnv" : "keyFile";
  if ((keyFile ?? keyEnv) !== undefined && !/^[\x21-\x7e]+$/.test(key ?? "")) {
    throw wrong(`${at}.${from}`, keyEnv === undefined ? `${keyFile} holds no key` : `${keyEnv} is not set to a key`);
  }
  return openAiBase({ ...spec, url: spec.url.replace(/\/+$/, ""), key });
}

async function openReward(
  spec: OperatorFile["rewards"][number],
  at: string,
  {
    bases,
    locals,
  }: { readonly bases: ReadonlyMap<string, BaseModel>; readonly locals: ReadonlyMap<string, LocalBase> },
  { folder }: OpenOptions,
): Promise<RewardModel> {
  const { name } = spec;
  switch (spec.kind) {
    case "diversity":
      return { ...diversity(), name };
    case "perplexity": {
      const base = locals.get(spec.base);
      if (base === undefined) throw wrong(`${at}.base`, `"${spec.base}" is no local base`);
      return { name, version: base.name, batch: 32, score: (answers, signal) => base.perplexity(answers, signal) };
    }
    case "classifier": {
      const bytes = await read(spec.file, `${at}.file`, folder);
      try {
        const version = createHash("sha256").update(bytes).digest("hex");
        return classified(name, decodeTextClassifier(bytes), { version, scale: spec.scale, reads: spec.reads });
      } catch (error) {
        throw wrong(`${at}.file`, error instanceof Error ? error.message : String(error));
      }
    }
    case "judge": {
      const base = bases.get(spec.base);
      if (base === undefined) throw wrong(`${at}.base`, `there is no base "${spec.base}"`);
      const { rubric, lowest, highest, parallel } = spec;
      return judged({ name, rubric, lowest, highest, parallel, model: base.name, ask: asking(base) });
    }
  }
}

/** A base as a judge: one answer, as sure of itself as it can be. */
function asking(base: BaseModel) {
  return async (instruction: string, question: string, signal = new AbortController().signal): Promise<string> => {
    const { candidates, problems } = await base.complete({
      input: {
        kind: "chat",
        messages: [
          { role: "system", content: instruction },
          { role: "user", content: question },
        ],
      },
      count: 1,
      sampling: { temperature: 0, topP: 1, maxTokens: 16 },
      seed: 0,
      signal,
    });
    const [answer] = candidates;
    if (answer === undefined) throw new ConcordError("unavailable", `the judge ${problems[0] ?? "gave no answer"}`);
    return answer.text;
  };
}

async function read(path: string, param: string, folder: string): Promise<Buffer> {
  try {
    return await readFile(resolve(folder, path));
  } catch (error) {
    throw wrong(param, `cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

function isPlain(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && [parsed.username, parsed.password, parsed.search, parsed.hash].every((part) => part === "");
}

function wrong(param: string, message: string): ConcordError {
  return new ConcordError("invalid_argument", `${param}: ${message}`, { param });
}
