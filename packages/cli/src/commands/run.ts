import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { Checkpoint, FederationSpec, SimulatedParty } from "@concord/federation";
import { inPartyOrder, linkTo, profileOf } from "@concord/federation";
import type { Examples } from "@concord/learning";
import { buildTask, checkDataset } from "@concord/learning";
import { Command } from "commander";
import { z } from "zod";
import { asInput, loadExamples, loadTest } from "../datasets.ts";
import type { Experiment } from "../experiment.ts";
import { readExperiment } from "../experiment.ts";
import { makeFolder } from "../folders.ts";
import { checkOptions, whole } from "../options.ts";
import type { Output } from "../output.ts";
import { InputError, output, showBytes, showDuration, showPercent } from "../output.ts";
import { baselineResults } from "../recommender/baselines.ts";
import { recommenderResult } from "../recommender-result.ts";
import { writeResults } from "../results.ts";
import { allShares, ratingShares } from "../shares.ts";
import { comparedSpec, MAIN } from "../simulation/compare.ts";
import { networkFrom } from "../simulation/links.ts";
import type { RunResult } from "../simulation/run-result.ts";
import { busyMachine, roundRecords, runResult } from "../simulation/run-result.ts";
import { sideBySide } from "../simulation/side-by-side.ts";
import type { Run } from "../simulation/simulate-run.ts";
import { checkpointOf, readCheckpoint, simulateRun } from "../simulation/simulate-run.ts";

const optionsSchema = z.object({
  json: z.boolean().default(false),
  out: z.string().optional(),
  workers: whole(1, 256).default(availableParallelism()),
  rounds: whole(1, 1_000_000).optional(),
  only: z.string().optional(),
  fresh: z.boolean().default(false),
});

export function runCommand(): Command {
  return new Command("run")
    .description("Simulate a federation in this process, without a network, and compare algorithms.")
    .argument("<experiment.yaml>", "the experiment")
    .option("--out <folder>", "where results and checkpoints go (default: .concord/experiments/<file name>)")
    .option("--workers <n>", "worker threads (default: one for each core); the result does not depend on it")
    .option("--rounds <n>", "another number of rounds than the file says")
    .option("--only <name>", `only one run of a comparison; "${MAIN}" is the experiment's own algorithm`)
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
  const { data, score, compare } = experiment;
  const folder = options.out ?? join(".concord", "experiments", basename(path).replace(/\.ya?ml$/, ""));
  const dataset = await asInput(() => loadExamples(data.dataset, data), `${path}: data.dataset`);
  const test = data.test ? await asInput(() => loadTest(data.dataset), `${path}: data.test`) : undefined;
  const spec = statedSpec(experiment, dataset, options, path);
  await asInput(() => checkDataset(buildTask(spec.task), dataset), `${path}: task`);
  const sharing = { ...data, heldOut: test ? 0 : data.heldOut, seed: spec.seed };
  const parties = await asInput(
    () => (dataset.kind === "ratings" ? ratingShares(dataset, sharing, data.evaluateOn) : allShares(dataset, sharing)),
    `${path}: data`,
  );
  const links = experiment.links === undefined ? undefined : await networkFrom(experiment.links, path);
  if (links) await asInput(() => parties.map(({ id }) => linkTo(links, id)), path);
  const specs = await asInput(() => specsOf(experiment, spec, parties, path));
  const wanted = chosen(specs, options.only, path);
  const comparing = Object.keys(compare).length > 0;
  const accuracySource = test
    ? `test set held by the coordinator (${test.size} examples)`
    : `held-out data at the parties (${spec.evaluation.parties === "all" ? "all parties" : "members of the round"})`;

  const runs: Run[] = [];
  for (const [name, own] of wanted) {
    const place = name === MAIN ? folder : join(folder, name);
    await makeFolder(place, "run --out");
    if (options.fresh) await rm(checkpointOf(place), { force: true });
    runs.push({ name, spec: own, folder: place, from: await readCheckpoint(place, own) });
  }
  if (runs.every(({ from, spec: { rounds } }) => from && from.round >= rounds)) {
    out.warn(`${folder} holds a finished run; --fresh begins a new one`);
  }
  out.record({
    type: "start",
    name: spec.name,
    dataset: dataset.name,
    generated: dataset.generated,
    parties: parties.length,
    rounds: spec.rounds,
    resumedFrom: runs[0]?.from?.round ?? 0,
    ...(comparing && { runs: runs.map(({ name, from }) => ({ name, resumedFrom: from?.round ?? 0 })) }),
    folder,
  });
  const generated = dataset.generated ? " (generated data)" : "";
  const among = comparing ? `, ${runs.map(({ name }) => name).join(", ")}` : "";
  out.say(`${spec.name}: ${parties.length} parties, ${dataset.name}${generated}, ${spec.rounds} rounds${among}`);

  const started = { wall: performance.now(), cpu: process.cpuUsage() };
  // A run alone takes all workers; several take turns on them, because in a run workers wait for each other.
  const lanes = Math.min(options.workers, runs.length);
  const results = await sideBySide(runs, lanes, async (each, signal) => {
    const ended = await simulateRun(each, {
      parties,
      test,
      links,
      workers: Math.floor(options.workers / lanes),
      alone: lanes === 1,
      signal,
      onRound: reporter(each, comparing, out),
    });
    if (ended.diverged !== undefined && !comparing) throw new Error(`${each.name} has diverged: ${ended.diverged}`);
    const result = {
      ...runResult(each, ended, parties.length, spec.rounds, score),
      ...(dataset.kind === "ratings" && recommenderResult(each.spec, ended.checkpoint)),
    };
    await writeResults(each.folder, {
      config: { ...each.spec, data, ...(score && { score }), ...(experiment.links && { links: experiment.links }) },
      machine: busyMachine(),
      rounds: roundRecords(ended.checkpoint.history),
      result: { type: "result", dataset: dataset.name, accuracySource, ...result, folder: each.folder },
      model: ended.checkpoint.state.model,
    });
    out.say(`${comparing ? `${each.name}: ` : ""}${sentence(result, accuracySource)}; results in ${each.folder}`);
    return [each.name, result] as const;
  });
  const { user, system } = process.cpuUsage(started.cpu);
  const [[first, main] = [MAIN, undefined], ...others] = results;
  const baselines =
    dataset.kind === "ratings" && experiment.baselines.length > 0
      ? await baselineResults(experiment.baselines, dataset, sharing, data.evaluateOn)
      : undefined;
  out.record({
    type: "result",
    dataset: dataset.name,
    ...(first !== MAIN && { run: first }),
    accuracySource,
    ...main,
    ...((comparing || baselines) && { baselines: { ...Object.fromEntries(others), ...baselines } }),
    seconds: Number(((performance.now() - started.wall) / 1000).toFixed(1)),
    cpuSeconds: Number(((user + system) / 1e6).toFixed(1)),
    folder,
  });
}

/** The experiment's own federation, with the number of rounds that was asked for. */
function statedSpec(experiment: Experiment, dataset: Examples, { rounds }: Options, path: string): FederationSpec {
  const stated = experiment.federation(dataset);
  const spec = rounds === undefined ? stated : { ...stated, rounds };
  const judged = experiment.score?.lastRounds ?? 1;
  if (judged > spec.rounds) {
    throw new InputError(
      `${path}: score.lastRounds: ${judged} is more than the ${spec.rounds} rounds of the experiment`,
    );
  }
  return spec;
}

/** The experiment's own algorithm first, then those that it is compared with, in the order of the file. */
function specsOf(
  { compare }: Experiment,
  spec: FederationSpec,
  parties: readonly SimulatedParty[],
  path: string,
): ReadonlyMap<string, FederationSpec> {
  const profiles = inPartyOrder(parties).map(profileOf);
  const others = Object.entries(compare).map(
    ([name, comparison]) => [name, comparedSpec(spec, profiles, name, comparison, path)] as const,
  );
  return new Map([[MAIN, spec], ...others]);
}

function chosen(specs: ReadonlyMap<string, FederationSpec>, only: string | undefined, path: string) {
  if (only === undefined) return [...specs];
  const spec = specs.get(only);
  if (spec !== undefined) return [[only, spec] as const];
  throw new InputError(`run --only: ${path} has no run "${only}"; it has ${[...specs.keys()].join(", ")}`);
}

/** Tells of every round; of a comparison only of those that were evaluated. */
function reporter({ name, spec, from }: Run, comparing: boolean, out: Output) {
  return ({ round, history }: Checkpoint, seconds: number) => {
    const report = history.at(-1);
    if (report === undefined || (comparing && report.evaluation === null)) return;
    const { trainLoss, evaluation, group, traffic: bytes, seconds: virtual } = report;
    const accuracy = evaluation?.accuracy ?? null;
    const bytesUp = bytes.train.wireUp + bytes.evaluate.wireUp;
    const bytesDown = bytes.train.wireDown + bytes.evaluate.wireDown;
    out.record({
      type: "round",
      ...(comparing && { run: name }),
      round,
      accuracy,
      loss: evaluation?.loss ?? null,
      trainLoss,
      ...(group && { group: group.parties, divergence: group.divergence }),
      bytesUp,
      bytesDown,
      ...(virtual && { virtualSeconds: virtual.total, virtual: virtual.parties }),
    });
    const left = (seconds / (round - (from?.round ?? 0))) * (spec.rounds - round);
    out.say(
      `${comparing ? `${name}: ` : ""}round ${round}/${spec.rounds}  accuracy ${showPercent(accuracy)}  training loss ${trainLoss.toFixed(3)}  ${showBytes(bytesUp)} up  ${virtual ? `${virtual.total.toFixed(1)} s over the links  ` : ""}${showDuration(left)} left`,
    );
  };
}

function sentence({ accuracy, costRatio, bytesUp, bytesDown, seconds, diverged }: RunResult, source: string): string {
  if (diverged !== undefined) return `diverged in ${diverged}`;
  const cost =
    costRatio === undefined ? "" : ` at ${costRatio.toPrecision(3)} of the cost of an exchange after every step`;
  return `accuracy ${showPercent(accuracy)} on ${source}${cost}; ${showBytes(bytesUp)} up, ${showBytes(bytesDown)} down; ${showDuration(seconds)}`;
}
