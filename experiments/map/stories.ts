/**
 * The whole loop on a real model: openings of stories, k answers to each from stories260K (260,000 parameters, Llama
 * architecture), three values scored, palettes solved under both duals on one half of the prompts, decoded on the other.
 *
 * The settings are those of the paper where it says them: 50 new tokens, temperature 1, top-k 50. All levels below are on
 * held-out prompts, with 95% intervals from resampling prompts.
 *
 *     CONCORD_DATA=… node experiments/map/stories.ts [--prompts 400] [--candidates 32]
 *
 * The positiveness classifier is trained in passing (see train-positiveness.ts). Scores are kept in .concord/, so that a
 * second run takes seconds.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Palette, Rewards } from "@concord/alignment";
import {
  labels,
  makeRewards,
  parsePalette,
  pickWeights,
  resolvePalette,
  samplesByPrompt,
  sequential,
  solve,
  takePrompts,
} from "@concord/alignment";
import type { Answer } from "@concord/alignment/scoring";
import { classified, diversity, perplexity, scoreAll } from "@concord/alignment/scoring";
import { key, rng, split } from "@concord/engine";
import { engineFor, writeDurably } from "@concord/engine/node";
import type { LanguageModel } from "@concord/learning";
import { generate, llamaReader, readLlama2c, readLlama2cTokenizer, trainTextClassifier } from "@concord/learning";
import { publish, show } from "./released.ts";

const SEED = 1;
const OPENING_TOKENS = 16;
const SAMPLING = { temperature: 1, topK: 50, maxTokens: 50 };
const VALUES = ["diversity", "perplexity", "positiveness"];
const RESAMPLES = 1000;
/** Each value is to rise by so many of its standard deviations. */
const PALETTES = [
  { name: "positiveness +0.5 sd", rise: [undefined, undefined, 0.5] },
  { name: "all +0.25 sd", rise: [0.25, 0.25, 0.25] },
  { name: "positiveness +0.5, the rest held", rise: [0, 0, 0.5] },
  { name: "all +0.4 sd", rise: [0.4, 0.4, 0.4] },
] as const;

const { values: options } = parseArgs({
  options: { prompts: { type: "string", default: "400" }, candidates: { type: "string", default: "32" } },
});
const PROMPTS = Number(options.prompts);
const K = Number(options.candidates);
const data = process.env.CONCORD_DATA;
if (data === undefined) {
  console.error("This experiment needs llama2c-stories260k and sst2: set CONCORD_DATA to the folder that holds them.");
  process.exit(2);
}
const where = `stories260K, ${PROMPTS} prompts × ${K} answers, seed ${SEED}; Node ${process.version} on ${cpus()[0]?.model}, ${new Date().toISOString().slice(0, 10)}`;
const scored = await rewardsOfStories();
const sets = samplesByPrompt(scored);
const pilot = sets.slice(0, sets.length / 2);
const held = sets.slice(sets.length / 2);

publishDelivered(8);
publishByCandidates();
publishSequential(8);

/** What both duals deliver on prompts that they were not solved on. */
function publishDelivered(k: number): void {
  const [train, test] = [firstOf(pilot, k), firstOf(held, k)];
  const rows = PALETTES.flatMap(({ name, rise }) => {
    const palette = risen(train, rise);
    return (["per-prompt", "joint"] as const).map((dual) => {
      const solution = solve(train, palette, dual);
      if (!solution.feasible) return [name, dual, "not reachable", ...palette.map(() => "–")];
      const lambda = VALUES.map((value) => show(solution.lambda[value] ?? 0)).join(" ");
      return [name, dual, lambda, ...VALUES.map((value) => against(test, palette, solution.lambda, value))];
    });
  });
  publish(
    "stories-delivered",
    `Delivered level less target on held-out prompts, in sd [95%], ${k} candidates (${where})`,
    ["palette", "dual", "λ", ...VALUES],
    rows,
  );
}

/** What one palette delivers with more and fewer candidates, solved at that number of candidates, and with the joint dual. */
function publishByCandidates(): void {
  const palette = risen(firstOf(pilot, K), [0, 0, 0.5]);
  const rows = [1, 2, 4, 8, 16, 32]
    .filter((k) => k <= K)
    .flatMap((k) =>
      (["per-prompt", "joint"] as const).map((dual) => {
        const solution = k === 1 && dual === "per-prompt" ? undefined : solve(firstOf(pilot, k), palette, dual);
        const test = firstOf(held, k);
        if (solution === undefined) return [String(k), dual, "nothing to choose from", ...VALUES.map(() => "–")];
        if (!solution.feasible) return [String(k), dual, "not reachable", ...VALUES.map(() => "–")];
        return [
          String(k),
          dual,
          show(solution.kl),
          ...VALUES.map((value) => against(test, palette, solution.lambda, value)),
        ];
      }),
    );
  publish(
    "stories-candidates",
    `Positiveness +0.5 sd, the rest held: delivered level less target on held-out prompts, in sd [95%], by number of candidates (${where})`,
    ["candidates", "dual", "KL", ...VALUES],
    rows,
  );
}

/** One value at a time against all at once, on the pilot. */
function publishSequential(k: number): void {
  const train = firstOf(pilot, k);
  const rows = PALETTES.filter(({ rise }) => rise.every((r) => r !== undefined)).flatMap(({ name, rise }) => {
    const palette = risen(train, rise);
    const joint = solve(train, palette, "joint");
    const of = (lambda: Readonly<Record<string, number>>) => VALUES.map((value) => show(lambda[value] ?? 0)).join(" ");
    return [
      [
        name,
        "all at once",
        "–",
        joint.feasible ? of(joint.lambda) : "not reachable",
        joint.feasible ? show(joint.kl) : "–",
      ],
      ...(["coordinate", "as-printed"] as const).map((scheme) => {
        const history = sequential(train, palette, { scheme });
        const last = history.at(-1);
        return [name, scheme, String(history.length), last ? of(last.lambda) : "–", show(last?.kl)];
      }),
    ];
  });
  publish(
    "stories-sequential",
    `One value at a time on the pilot (${where})`,
    ["palette", "scheme", "cycles", "λ", "KL"],
    rows,
  );
}

/** Mean over prompts of the level that softmax decoding delivers less its target, in sd, with its interval. */
function against(test: Rewards, palette: Palette, lambda: Readonly<Record<string, number>>, value: string): string {
  const goal = palette.find((one) => one.value === value);
  const target = goal?.target.kind === "level" ? goal.target.level : undefined;
  const at = VALUES.indexOf(value);
  const m = VALUES.length;
  const reward = (j: number, v: number) => test.data[j * m + v] as number;
  const levels = samplesByPrompt(test).map((set) => {
    const weights = pickWeights(
      Array.from(set, (j) => VALUES.reduce((sum, name, v) => sum + (lambda[name] ?? 0) * reward(j, v), 0)),
    );
    return weights.reduce((sum, weight, i) => sum + weight * reward(set[i] as number, at), 0);
  });
  const { mean: base, sd } = moments(column(scored, at));
  const from = target ?? base;
  const random = rng(split(key("intervals"), value));
  const means = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < levels.length; i++) sum += levels[random.below(levels.length)] as number;
    return (sum / levels.length - from) / sd;
  }).sort((a, b) => a - b);
  const mean = (moments(levels).mean - from) / sd;
  const interval = `[${show(means[Math.floor(0.025 * RESAMPLES)])}, ${show(means[Math.floor(0.975 * RESAMPLES)])}]`;
  return `${show(mean)} ${interval}${target === undefined ? " (over the base)" : ""}`;
}

/** A palette of levels: the mean of a value plus so many of its standard deviations. */
function risen(rewards: Rewards, rise: readonly (number | undefined)[]): Palette {
  const text = rise.flatMap((by, v) => {
    if (by === undefined) return [];
    const { mean, sd } = moments(column(rewards, v));
    return `${VALUES[v]}=${mean + by * sd}`;
  });
  return resolvePalette(rewards, parsePalette(text.join(",")));
}

function firstOf(from: readonly Int32Array[], k: number): Rewards {
  return takePrompts(
    scored,
    from.map((set) => set.subarray(0, k)),
  );
}

function column(rewards: Rewards, v: number): number[] {
  return Array.from({ length: rewards.n }, (_, j) => rewards.data[j * rewards.values.length + v] as number);
}

function moments(xs: readonly number[]) {
  const mean = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  return { mean, sd: Math.sqrt(xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (xs.length - 1)) };
}

/** The rewards of all answers, generated and scored once. */
async function rewardsOfStories(): Promise<Rewards> {
  const file = join(".concord", "map-stories", `rewards-${SEED}-${PROMPTS}-${K}.json`);
  const prompts = labels(Array.from({ length: PROMPTS * K }, (_, j) => Math.floor(j / K)));
  if (existsSync(file))
    return makeRewards(VALUES, Float64Array.from(JSON.parse(readFileSync(file, "utf8"))), { prompts });
  const model = await stories();
  const openings = (
    await generate(model, { prompt: "", count: PROMPTS, ...SAMPLING, maxTokens: OPENING_TOKENS, key: key("openings") })
  ).map(({ text }) => text);
  const answers: Answer[] = [];
  for (const [p, prompt] of openings.entries()) {
    const drawn = await generate(model, { prompt, count: K, ...SAMPLING, key: split(key(SEED), p) });
    answers.push(...drawn.map(({ text }) => ({ prompt, answer: text })));
    if (p % 50 === 49) console.error(`${p + 1} of ${PROMPTS} prompts answered`);
  }
  const models = [
    diversity(),
    perplexity(model),
    classified("positiveness", await positiveness(), { version: "1", scale: "log-odds" }),
  ];
  const rewards = await scoreAll(models, answers);
  mkdirSync(join(".concord", "map-stories"), { recursive: true });
  await writeDurably(file, new TextEncoder().encode(JSON.stringify([...rewards])));
  return makeRewards(VALUES, rewards, { prompts });
}

async function stories(): Promise<LanguageModel> {
  const folder = join(data ?? "", "llama2c-stories260k");
  const llama = readLlama2c(await readFile(join(folder, "stories260K.bin")));
  const tokenizer = readLlama2cTokenizer(await readFile(join(folder, "tok512.bin")), llama.size.vocabulary);
  return { name: "stories260K", tokenizer, context: llama.size.context, open: llamaReader(await engineFor(), llama) };
}

async function positiveness() {
  const [, ...lines] = (await readFile(join(data ?? "", "sst2", "train.tsv"), "utf8")).trimEnd().split("\n");
  const examples = lines.map((line) => ({ text: line.split("\t")[0] ?? "", label: Number(line.split("\t")[1]) }));
  return trainTextClassifier(examples, {
    features: 2 ** 18,
    epochs: 8,
    learningRate: 0.3,
    penalty: 1e-6,
    key: key(SEED),
  });
}
