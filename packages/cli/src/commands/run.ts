import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { basename, join } from "node:path";
import { writeDurably } from "@concord/engine/node";
import type { Checkpoint, FederationSpec } from "@concord/federation";
import { decodeCheckpoint, encodeCheckpoint, simulate } from "@concord/federation";
import { workerPool } from "@concord/federation/node";
import { buildTask, checkDataset } from "@concord/learning";
import { Command } from "commander";
import { z } from "zod";
import { asInput, loadExamples, loadTest } from "../datasets.ts";
import { readExperiment } from "../experiment.ts";
import { makeFolder } from "../folders.ts";
import { checkOptions, whole } from "../options.ts";
import { InputError, output, showBytes, showDuration, showPercent } from "../output.ts";
import { baselineResults } from "../recommender/baselines.ts";
import { recommenderResult } from "../recommender-result.ts";
import { writeResults } from "../results.ts";
import { allShares, ratingShares } from "../shares.ts";

const optionsSchema = z.object({
  json: z.boolean().default(false),
  out: z.string().optional(),
  workers: whole(1, 256).default(availableParallelism()),
  rounds: whole(1, 1_000_000).optional(),
  fresh: z.boolean().default(false),
});

export function runCommand(): Command {
  return new Command("run")
    .description("Simulate a federation in this process, without a network.")
    .argument("<experiment.yaml>", "the experiment")
    .option("--out <folder>", "where results and checkpoints go (default: .concord/experiments/<file name>)")
    .option("--workers <n>", "worker threads (default: one for each core); the result does not depend on it")
    .option("--rounds <n>", "another number of rounds than the file says")
    .option("--fresh", "begin anew where a checkpoint is there")
    .addHelpText(
      "after",
      "\nExample:\n  $ CONCORD_DATA=./data concord run experiments/fedavg/fashion-mnist-mlp.yaml --json",
    )
    .action(async (path: string, raw: unknown) => {
      await run(path, checkOptions("run", optionsSchema, raw));
    });
}

type Options = z.output<typeof optionsSchema>;

async function run(path: string, options: Options): Promise<void> {
  const out = output(options.json);
  const experiment = await readExperiment(path);
  const folder = options.out ?? join(".concord", "experiments", basename(path).replace(/\.ya?ml$/, ""));
  const { data } = experiment;
  const dataset = await asInput(() => loadExamples(data.dataset, data), `${path}: data.dataset`);
  const test = data.test ? await asInput(() => loadTest(data.dataset), `${path}: data.test`) : undefined;
  const stated = experiment.federation(dataset);
  const spec = options.rounds === undefined ? stated : { ...stated, rounds: options.rounds };
  await asInput(() => checkDataset(buildTask(spec.task), dataset), `${path}: task`);
  const sharing = { ...data, heldOut: test ? 0 : data.heldOut, seed: spec.seed };
  const parties = await asInput(
    () => (dataset.kind === "ratings" ? ratingShares(dataset, sharing, data.evaluateOn) : allShares(dataset, sharing)),
    `${path}: data`,
  );
  const accuracySource = test
    ? `test set held by the coordinator (${test.size} examples)`
    : `held-out data at the parties (${spec.evaluation.parties === "all" ? "all parties" : "members of the round"})`;

  await makeFolder(folder, "run --out");
  const checkpointFile = join(folder, "checkpoint.safetensors");
  if (options.fresh) await rm(checkpointFile, { force: true });
  const from = await readCheckpoint(checkpointFile, spec);
  if (from && from.round >= spec.rounds) out.warn(`${folder} holds a finished run; --fresh begins a new one`);

  out.record({
    type: "start",
    name: spec.name,
    dataset: dataset.name,
    generated: dataset.generated,
    parties: parties.length,
    rounds: spec.rounds,
    resumedFrom: from?.round ?? 0,
    folder,
  });
  out.say(
    `${spec.name}: ${parties.length} parties, ${dataset.name}${dataset.generated ? " (generated data)" : ""}, ${spec.rounds} rounds`,
  );
  const executor = await workerPool(spec, options.workers);
  const started = performance.now();
  let last = from;
  try {
    for await (const checkpoint of simulate({
      spec,
      parties,
      executor,
      ...(test && { test }),
      ...(from && { from }),
    })) {
      last = checkpoint;
      await writeDurably(checkpointFile, encodeCheckpoint(checkpoint, spec));
      report(checkpoint);
    }
  } finally {
    await executor.close();
  }
  if (last === undefined) throw new InputError("there is nothing to do: the experiment has no rounds");
  const evaluated = last.history.findLast((round) => round.evaluation !== null)?.evaluation;
  const traffic = last.history.at(-1)?.traffic;
  const { baselines: names } = experiment;
  const baselines =
    dataset.kind === "ratings" && names.length > 0
      ? await baselineResults(names, dataset, sharing, data.evaluateOn)
      : undefined;
  const result = {
    type: "result",
    dataset: dataset.name,
    rounds: last.round,
    accuracy: evaluated?.accuracy ?? null,
    loss: evaluated?.loss ?? null,
    accuracySource,
    ...(dataset.kind === "ratings" && recommenderResult(spec, last)),
    ...(baselines && { baselines }),
    bytesUp: (traffic?.train.wireUp ?? 0) + (traffic?.evaluate.wireUp ?? 0),
    bytesDown: (traffic?.train.wireDown ?? 0) + (traffic?.evaluate.wireDown ?? 0),
    payloadBytesUp: traffic?.train.payloadUp ?? 0,
    payloadBytesDown: traffic?.train.payloadDown ?? 0,
    seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
    folder,
  };
  await writeResults(folder, {
    config: { ...spec, data, ...(names.length > 0 && { baselines: names }) },
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      node: process.version,
      date: new Date().toISOString(),
    },
    rounds: last.history.map(({ round, members, trainLoss, evaluation, traffic: bytes }) => ({
      round,
      parties: members.length,
      trainLoss,
      accuracy: evaluation?.accuracy ?? null,
      loss: evaluation?.loss ?? null,
      ...(dataset.kind === "ratings" && evaluation?.metrics),
      bytesUp: bytes.train.wireUp + bytes.evaluate.wireUp,
      bytesDown: bytes.train.wireDown + bytes.evaluate.wireDown,
    })),
    result,
    model: last.state.model,
  });
  out.say(
    `accuracy ${showPercent(result.accuracy)} on ${accuracySource}; ${showBytes(result.bytesUp)} up, ${showBytes(result.bytesDown)} down; ${showDuration(result.seconds)}; results in ${folder}`,
  );
  out.record(result);

  function report({ round, history }: Checkpoint): void {
    const report = history.at(-1);
    if (report === undefined) return;
    const { trainLoss, evaluation, traffic: bytes } = report;
    const accuracy = evaluation?.accuracy ?? null;
    const bytesUp = bytes.train.wireUp + bytes.evaluate.wireUp;
    const bytesDown = bytes.train.wireDown + bytes.evaluate.wireDown;
    out.record({ type: "round", round, accuracy, loss: evaluation?.loss ?? null, trainLoss, bytesUp, bytesDown });
    const done = round - (from?.round ?? 0);
    const left = ((performance.now() - started) / 1000 / done) * (spec.rounds - round);
    out.say(
      `round ${round}/${spec.rounds}  accuracy ${showPercent(accuracy)}  training loss ${trainLoss.toFixed(3)}  ${showBytes(bytesUp)} up  ${showDuration(left)} left`,
    );
  }
}

async function readCheckpoint(file: string, spec: FederationSpec): Promise<Checkpoint | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    return decodeCheckpoint(await readFile(file), spec);
  } catch (error) {
    throw new InputError(`${file}: ${error instanceof Error ? error.message : error} (or --fresh)`);
  }
}
