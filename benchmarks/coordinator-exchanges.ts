import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openBlobFiles, openSqliteStore, startCoordinator } from "@concord/coordinator";
import { key, split } from "@concord/engine";
import { collectByAllMemory } from "@concord/engine/node";
import { federationSpecSchema } from "@concord/federation";
import { handwriting, holdOut } from "@concord/learning";
import { openParty } from "@concord/party/node";
import { machine } from "./machine.ts";

/**
 * How many exchanges a second a deployed federation makes when its parties exchange after every local step, as level a of
 * DynamicFL does: each exchange is a lease, a model down, a step, an update up and a reply for every party, then a merge.
 * The coordinator (over SQLite and files, as in use) and every party are processes of their own on this machine.
 *
 * Twice, in turns: with garbage collected as V8 does by default, and by all memory, as `concord` does it.
 *
 *     node benchmarks/coordinator-exchanges.ts [--parties 8] [--exchanges 249] [--hidden 56]
 */
const SCRIPT = fileURLToPath(import.meta.url);
const RESULT = fileURLToPath(new URL("./results/coordinator-exchanges.json", import.meta.url));
const FEDERATION = "exchanges";

interface Usage {
  readonly rssBytes: number;
  readonly cpuSeconds: number;
}

/** When each exchange was merged, in milliseconds, and what the coordinator has used. */
interface Finished extends Usage {
  readonly mergedAt: readonly number[];
  readonly payloadBytes: number;
}

const WAYS = ["by default", "by all memory"] as const;
const TURNS = 2;

const [role, way, ...words] = process.argv.slice(2);
if (way === WAYS[1]) collectByAllMemory();
if (role === "coordinator") await serve(words[0] ?? "", Number(words[1]), Number(words[2]), Number(words[3]));
else if (role === "party") await takePart(words[0] ?? "", words[1] ?? "", words[2] ?? "");
else await measure();

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: {
      parties: { type: "string", default: "8" },
      exchanges: { type: "string", default: "249" },
      hidden: { type: "string", default: "56" },
    },
  });
  const [parties, exchanges, hidden] = [Number(values.parties), Number(values.exchanges), Number(values.hidden)];
  const load = loadavg()[0] ?? Number.NaN;
  const runs = [];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const way of WAYS) runs.push({ garbage: way, ...(await federate(way, parties, exchanges, hidden)) });
  }
  const result = {
    what: "exchanges of a round in which every party exchanges after each local step, over HTTP, SQLite and blob files",
    date: new Date().toISOString(),
    machine: {
      ...machine(),
      loadBefore: round(load, 1),
      note: "coordinator and parties share these cores",
    },
    parties,
    exchanges,
    modelBytes: 4 * (784 * hidden + hidden + 10 * hidden + 10),
    runs,
  };
  await mkdir(join(RESULT, ".."), { recursive: true });
  await writeFile(RESULT, `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify(result, null, 2));
}

async function federate(way: (typeof WAYS)[number], count: number, exchanges: number, hidden: number) {
  const folder = await mkdtemp(join(tmpdir(), "concord-exchanges-"));
  const coordinator = fork(SCRIPT, ["coordinator", way, folder, `${count}`, `${exchanges}`, `${hidden}`]);
  const parties: ChildProcess[] = [];
  try {
    const [invites] = (await once(coordinator, "message")) as [string[]];
    const finished = once(coordinator, "message") as Promise<[Finished]>;
    for (const [i, invite] of invites.entries()) {
      parties.push(fork(SCRIPT, ["party", way, join(folder, `party-${i}`), `party-${i}`, invite]));
    }
    const used = Promise.all(parties.map(async (party) => ((await once(party, "message")) as [Usage])[0]));
    const [{ mergedAt, cpuSeconds, rssBytes, payloadBytes }] = await finished;
    const partyUsage = await used;
    // The first exchange has the compilation of the programs in it.
    const seconds = ((mergedAt.at(-1) ?? 0) - (mergedAt[0] ?? 0)) / 1000;
    const gaps = mergedAt.slice(1).map((at, i) => at - (mergedAt[i] ?? at));
    gaps.sort((a, b) => a - b);
    const gapAt = (share: number) => round(gaps[Math.floor(share * (gaps.length - 1))] ?? Number.NaN, 0);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return {
      seconds: round(seconds, 2),
      exchangesPerSecond: round((mergedAt.length - 1) / seconds, 2),
      millisecondsBetweenMerges: { p10: gapAt(0.1), p50: gapAt(0.5), p90: gapAt(0.9) },
      payloadMiBPerSecond: round(payloadBytes / 2 ** 20 / seconds, 2),
      coordinator: {
        cpuMillisecondsPerExchange: round((1000 * cpuSeconds) / exchanges, 1),
        rssMiB: round(rssBytes / 2 ** 20, 0),
      },
      parties: {
        cpuMillisecondsPerExchange: round((1000 * sum(partyUsage.map(({ cpuSeconds }) => cpuSeconds))) / exchanges, 1),
        meanRssMiB: round(sum(partyUsage.map(({ rssBytes }) => rssBytes)) / count / 2 ** 20, 0),
      },
    };
  } finally {
    for (const child of [coordinator, ...parties]) child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The coordinator's process: makes the federation, tells the invites, and when it is over what it took. */
async function serve(folder: string, parties: number, exchanges: number, hidden: number): Promise<void> {
  const coordinator = await startCoordinator({
    store: await openSqliteStore(join(folder, "store.sqlite")),
    blobs: await openBlobFiles(join(folder, "blobs")),
    port: 0,
  });
  const spec = federationSpecSchema.parse({
    name: "Exchanges",
    dataset: "generated handwriting",
    task: {
      model: { kind: "mlp", hidden: [hidden] },
      inputShape: [28, 28, 1],
      outputs: 10,
      loss: "cross-entropy",
      optimizer: { kind: "sgd", momentum: 0.9 },
      learningRate: 0.01,
      batchSize: 10,
    },
    algorithm: { kind: "fedsgd", localSteps: exchanges },
    rounds: 1,
    seed: 1,
    minimumParties: parties,
  });
  await coordinator.createFederation(FEDERATION, spec);
  const invites: string[] = [];
  for (let i = 0; i < parties; i++) invites.push((await coordinator.createInvite(FEDERATION)).url);
  const mergedAt: number[] = [];
  let before = usage();
  coordinator.onEvent(async ({ type, time }) => {
    if (type === "round.started") before = usage();
    if (type === "exchange.merged") mergedAt.push(Date.parse(time));
    if (type !== "federation.finished") return;
    const after = usage();
    const traffic = (await coordinator.parties(FEDERATION)).map(({ train }) => train.payloadUp + train.payloadDown);
    process.send?.({
      mergedAt,
      payloadBytes: traffic.reduce((sum, bytes) => sum + bytes, 0),
      rssBytes: after.rssBytes,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    } satisfies Finished);
  });
  process.send?.(invites);
}

/** A party's process: takes part to the end. */
async function takePart(dir: string, name: string, invite: string): Promise<void> {
  const own = split(key("exchanges"), name);
  const data = holdOut(handwriting({ key: own, writers: 1, digitsPerWriter: 200 }), own, 0.2);
  const party = await openParty({ dir, name, invite, data });
  await party.done;
  process.send?.(usage(), () => process.exit());
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { rssBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
