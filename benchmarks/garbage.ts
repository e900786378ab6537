import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { key } from "@concord/engine";
import { collectByAllMemory, nativeEngine } from "@concord/engine/node";
import { algorithmOf, federationSpecSchema, inlineExecutor, simulate } from "@concord/federation";
import { buildTask, handwriting, subset } from "@concord/learning";
import { median } from "./engine/statistics.ts";
import { machine } from "./machine.ts";

/**
 * What it costs a simulation to collect garbage as V8 does by default, and as `concord` asks it to: rounds of DynamicFL
 * with 63 exchanges, a process for each measurement, in turns. Usage: node benchmarks/garbage.ts
 */
const RESULT = fileURLToPath(new URL("./results/garbage.json", import.meta.url));
const WAYS = ["by default", "by all memory"] as const;
const TURNS = 5;
const ROUNDS = 4;
const PARTIES = 10;
/** As many as the training set of Fashion-MNIST has: 47 MB. */
const EXAMPLES = 60_000;

interface Usage {
  readonly cpuSecondsPerRound: number;
  readonly peakMB: number;
}

const way = process.argv[2];
if (way === undefined) await measure();
else console.log(JSON.stringify(await train(way)));

async function measure(): Promise<void> {
  const load = loadavg();
  const usages = Array.from({ length: TURNS }, () => WAYS.map(inAProcess));
  const result = {
    what: "simulation of DynamicFL, levels b and g, p = 0.6, LeNet, 10 parties, 250 local steps: medians",
    date: new Date().toISOString(),
    machine: { ...machine(), loadBefore: load[0], loadAfter: loadavg()[0] },
    rounds: ROUNDS,
    turns: TURNS,
    results: WAYS.map((way, i) => ({
      way,
      cpuSecondsPerRound: median(usages.map((turn) => turn[i]?.cpuSecondsPerRound ?? Number.NaN)),
      peakMB: median(usages.map((turn) => turn[i]?.peakMB ?? Number.NaN)),
    })),
    /** Within each turn. */
    cpuRatio: median(
      usages.map(([before, after]) => (after?.cpuSecondsPerRound ?? 0) / (before?.cpuSecondsPerRound ?? 0)),
    ),
  };
  await mkdir(join(RESULT, ".."), { recursive: true });
  await writeFile(RESULT, `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify(result, null, 2));
}

function inAProcess(way: string): Usage {
  return JSON.parse(execFileSync(process.execPath, [fileURLToPath(import.meta.url), way], { encoding: "utf8" }));
}

async function train(way: string): Promise<Usage> {
  if (way === WAYS[1]) collectByAllMemory();
  const data = handwriting({ key: key("garbage"), writers: PARTIES, digitsPerWriter: EXAMPLES / PARTIES });
  const parties = Array.from({ length: PARTIES }, (_, i) => ({
    id: `party-${i}`,
    train: subset(
      data,
      Int32Array.from({ length: EXAMPLES / PARTIES }, (_, row) => (EXAMPLES / PARTIES) * i + row),
    ),
  }));
  const test = subset(
    data,
    Int32Array.from({ length: 10_000 }, (_, row) => row),
  );
  const spec = federationSpecSchema.parse({
    name: "garbage",
    dataset: "handwriting",
    seed: 1,
    task: {
      model: { kind: "lenet" },
      inputShape: data.inputShape,
      outputs: data.classes,
      loss: "cross-entropy",
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
      learningRate: 0.01,
      batchSize: 10,
    },
    algorithm: { kind: "dynamicfl", localSteps: 250, levels: ["b", "g"], p: 0.6 },
    rounds: ROUNDS + 1,
  });
  const executor = await inlineExecutor(
    algorithmOf(spec.algorithm),
    buildTask(spec.task),
    await nativeEngine({ strict: true }),
  );
  let began = process.cpuUsage();
  for await (const { round } of simulate({ spec, parties, test, executor }))
    if (round === 1) began = process.cpuUsage();
  const { user, system } = process.cpuUsage(began);
  await executor.close();
  return {
    cpuSecondsPerRound: (user + system) / 1e6 / ROUNDS,
    peakMB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}
