import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Tensor, Tree } from "@concord/engine";
import { float32, key, rng, sample, scalar, split } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import type { PrivateTree, Trainer } from "@concord/federation";
import { benches, createTrainer, federationSpecSchema, modelPayload, personalfr, treeBytes } from "@concord/federation";
import type { RatingsDataset } from "@concord/learning";
import {
  autoencoder,
  buildTask,
  decoderInit,
  encoderInit,
  ratingsOf,
  splitRatings,
  subset,
  zeroState,
} from "@concord/learning";
import { loadRatings } from "@concord/learning/node";
import { median, medianInterval } from "../engine/statistics.ts";

/**
 * A party's whole local work in one round on MovieLens 1M with one user a party (gather, local steps, optimiser, scatter), on its
 * active items alone and on all items, in turns; and what it sends.
 *
 *     CONCORD_DATA=… node benchmarks/recommender/main.ts [--users 41] [--steps 5] [--out benchmarks/recommender/results]
 *
 * Users are drawn at random. Every one is timed both ways one after the other, and the ratio is taken within a user. Programs
 * are compiled and run once beforehand; compile times are reported apart.
 */
const { values } = parseArgs({
  options: {
    users: { type: "string", default: "41" },
    steps: { type: "string", default: "5" },
    out: { type: "string", default: "benchmarks/recommender/results" },
  },
});
const [users, T] = [Number(values.users), Number(values.steps)];

/** 90 % of the ratings, as in training. */
const { train: ratings } = splitRatings(
  await loadRatings("movielens-1m"),
  { kind: "random", test: 0.1, validation: 0 },
  key("split"),
);
const N = ratings.items;
const spec = federationSpecSchema.parse({
  name: "benchmark",
  dataset: ratings.name,
  task: {
    model: { kind: "autoencoder" },
    inputShape: [N],
    outputs: N,
    loss: "mse",
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
    learningRate: 0.1,
    clipNorm: 1,
    batchSize: 1,
  },
  algorithm: { kind: "personalfr", localSteps: T, encoder: "published" },
  rounds: 1,
  seed: 1,
});
if (spec.algorithm.kind !== "personalfr") throw new Error("the specification above is of another algorithm");
const task = buildTask(spec.task);
const algorithm = personalfr(spec.algorithm);
const bench = benches(spec.algorithm)(task);
const model = decoderInit(bench.shape, key("decoder"));
const compileMilliseconds: Record<string, number> = {};
const trainer = noting(await createTrainer(await engineFor(), task));

const drawn = sample(
  rng(key("users")),
  Array.from({ length: ratings.size }, (_, u) => u),
  users,
);
let encoderState: Tree<Tensor> | undefined;
const measured: Readonly<
  Record<"items" | "compact" | "dense" | "compactCpu" | "denseCpu" | "payload" | "index", number>
>[] = [];
for (const [i, user] of drawn.entries()) {
  const own = subset(ratings, [user]);
  // The second run goes on from the state of the first, as in a round that is not the party's first one.
  const warm = await compact(own, undefined);
  await compact(own, warm.privateState);
  const encoder = i === 0 ? await dense(own, undefined) : undefined;
  encoderState ??= encoder;
  const [fast, slow] = [
    await timed(() => compact(own, warm.privateState)),
    await timed(() => dense(own, encoderState)),
  ];
  const bytes = treeBytes(fast.result.update);
  measured.push({
    items: own.known.items.length,
    compact: fast.ms,
    dense: slow.ms,
    compactCpu: fast.cpu,
    denseCpu: slow.cpu,
    ...bytes,
  });
}

const whole = modelPayload(autoencoder(bench.shape).parameters);
const result = {
  what: `local work of one user of MovieLens 1M in a round, ${T} local steps`,
  users,
  localSteps: T,
  items: { mean: mean(measured.map(({ items }) => items)), median: median(measured.map(({ items }) => items)) },
  wallMilliseconds: pair("compact", "dense"),
  /** Of all threads of the process: hardly moved by what else the machine does. */
  cpuMilliseconds: pair("compactCpu", "denseCpu"),
  upload: {
    meanPayloadBytes: mean(measured.map(({ payload }) => payload)),
    meanIndexBytes: mean(measured.map(({ index }) => index)),
    wholeAutoencoderBytes: whole,
    compressionRatio: whole / mean(measured.map(({ payload }) => payload)),
    /** Over all users of MovieLens 1M, by the formula. */
    meanPayloadBytesOfAllUsers: 4 * (33_536 + (ratings.known.items.length / ratings.size) * 257),
  },
  compileMilliseconds,
  machine: {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    node: process.version,
    load: loadavg(),
    date: new Date().toISOString(),
  },
};
await mkdir(values.out, { recursive: true });
await writeFile(join(values.out, "local-work.json"), `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result, null, 2));

/** Medians, and the ratio within each user with a 95 % interval of its median. */
function pair(fast: "compact" | "compactCpu", slow: "dense" | "denseCpu") {
  const ratios = measured.map((one) => one[slow] / one[fast]);
  return {
    compact: median(measured.map((one) => one[fast])),
    dense: median(measured.map((one) => one[slow])),
    speedup: median(ratios),
    interval: medianInterval(ratios),
    speedupOfTotals: mean(measured.map((one) => one[slow])) / mean(measured.map((one) => one[fast])),
  };
}

/** The party's own work as it is deployed. */
async function compact(data: RatingsDataset, privateState: PrivateTree | undefined) {
  const segment = { party: "one", index: 0, from: 0, to: T };
  const plan = { round: 2, steps: T };
  return await algorithm.train({
    task,
    trainer,
    plan,
    segment,
    model,
    privateState,
    data,
    key: key("one"),
    secret: key("own"),
  });
}

/** The same on all items: the whole encoder and decoder, all of whose rows are trained and sent. */
async function dense(data: RatingsDataset, before: Tree<Tensor> | undefined): Promise<Tree<Tensor>> {
  const size = { rows: N, batch: 1, users: 1 };
  const definition = bench.localStep(size);
  const program = await trainer.step(definition);
  const carry = {
    own: (before?.own as Tree<Tensor>) ?? encoderInit(bench.shape, key("encoder")),
    decoder: model,
    ownOptimizer: (before?.ownOptimizer as Tree<Tensor>) ?? zeroState(definition.carry.ownOptimizer as never),
    decoderOptimizer:
      (before?.decoderOptimizer as Tree<Tensor>) ?? zeroState(definition.carry.decoderOptimizer as never),
  };
  const own = ratingsOf(data.known, 0);
  const [x, weight] = [new Float32Array(N), new Float32Array(N)];
  for (const { item, value } of own) {
    x[item] = value;
    weight[item] = 1 / own.length;
  }
  const inputs = Array.from({ length: T }, (_, step) => ({
    own: { x: float32([1, N], x) },
    y: float32([1, N], x),
    weight: float32([1, N], weight),
    dropout: dropout(step),
    ownRate: scalar(0.1),
    decoderRate: scalar(0.1),
  }));
  return (await program.run(carry, inputs)).carry;
}

function dropout(step: number): Tensor {
  const random = rng(split(key("dropout"), step));
  return float32(
    [1, bench.shape.code],
    Array.from({ length: bench.shape.code }, () => (random.uniform() < 0.5 ? 0 : 2)),
  );
}

async function timed<R>(
  work: () => Promise<R>,
): Promise<{ readonly ms: number; readonly cpu: number; readonly result: R }> {
  const before = process.cpuUsage();
  const started = performance.now();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - started, cpu: (user + system) / 1000, result };
}

/** A trainer that notes how long each program took to compile. */
function noting(inner: Trainer): Trainer {
  return {
    ...inner,
    async step(definition) {
      const program = await inner.step(definition);
      compileMilliseconds[definition.name] ??= program.compileMilliseconds ?? 0;
      return program;
    },
  };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
