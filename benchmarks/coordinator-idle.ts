import { type ChildProcess, fork } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openBlobFiles, openSqliteStore, startCoordinator } from "@concord/coordinator";
import { federationSpecSchema } from "@concord/federation";
import { parseInvite } from "@concord/protocol";
import { machine } from "./machine.ts";

/**
 * What parties that do nothing but hold a lease cost a coordinator: each has a connection of its own and sends a
 * heartbeat every few seconds. The coordinator is a process of its own over an SQLite store, as in use; this process plays
 * all parties. Usage: node benchmarks/coordinator-idle.ts [--parties 1000] [--seconds 60] [--heartbeat 5]
 */
const RESULT = fileURLToPath(new URL("./results/coordinator-idle.json", import.meta.url));

interface Usage {
  readonly rssBytes: number;
  readonly cpuSeconds: number;
}

if (process.argv[2] === "coordinator") await serve(process.argv[3] ?? "");
else await measure();

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: {
      parties: { type: "string", default: "1000" },
      seconds: { type: "string", default: "60" },
      heartbeat: { type: "string", default: "5" },
    },
  });
  const [parties, seconds, heartbeat] = [Number(values.parties), Number(values.seconds), Number(values.heartbeat)];
  const folder = await mkdtemp(join(tmpdir(), "concord-idle-"));
  const child = fork(fileURLToPath(import.meta.url), ["coordinator", folder]);
  try {
    const { port, invite } = await ask<{ port: number; invite: string }>(child, {
      parties,
      leaseSeconds: 6 * heartbeat,
    });
    const empty = await ask<Usage>(child, "usage");

    const began = performance.now();
    const members = await inBatches(parties, 20, async (n) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const body = { federation: "idle", invite, examples: 100, heldOut: 10, client: "benchmark", name: `party ${n}` };
      return { agent, ...(await post<{ key: string }>(port, agent, "/v1/join", body)) };
    });
    const joinSeconds = (performance.now() - began) / 1000;
    const leased = performance.now();
    const leases = await inBatches(parties, 20, async (n) => {
      const { agent, key } = members[n] as (typeof members)[number];
      const { lease } = await post<{ lease: { id: string } }>(port, agent, "/v1/party/work", {}, key);
      return { agent, key, path: `/v1/party/leases/${lease.id}/heartbeat` };
    });
    const leaseSeconds = (performance.now() - leased) / 1000;

    const before = await ask<Usage>(child, "usage");
    const start = performance.now();
    const latencies: number[] = [];
    await Promise.all(
      leases.map(async ({ agent, key, path }, n) => {
        // Spread evenly, as parties that joined at different times are.
        await sleep((1000 * heartbeat * n) / parties);
        while (performance.now() - start < 1000 * seconds) {
          const sent = performance.now();
          await post(port, agent, path, {}, key);
          latencies.push(performance.now() - sent);
          await sleep(Math.max(0, 1000 * heartbeat - (performance.now() - sent)));
        }
      }),
    );
    const elapsed = (performance.now() - start) / 1000;
    const after = await ask<Usage>(child, "usage");
    for (const { agent } of members) agent.destroy();

    latencies.sort((a, b) => a - b);
    const at = (share: number) => round(latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN, 3);
    const result = {
      what: "idle leased parties on one coordinator over SQLite, each with a connection of its own",
      date: new Date().toISOString(),
      machine: {
        ...machine(),
        note: "the parties run on the same cores as the coordinator",
      },
      parties,
      seconds: round(elapsed, 1),
      heartbeatEverySeconds: heartbeat,
      heartbeats: latencies.length,
      heartbeatMs: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
      coordinator: {
        cpuPercentOfOneCore: round((100 * (after.cpuSeconds - before.cpuSeconds)) / elapsed, 1),
        rssMiBEmpty: round(empty.rssBytes / 2 ** 20, 1),
        rssMiBIdle: round(after.rssBytes / 2 ** 20, 1),
      },
      joinsPerSecond: round(parties / joinSeconds, 0),
      leasesPerSecond: round(parties / leaseSeconds, 0),
    };
    await mkdir(join(RESULT, ".."), { recursive: true });
    await writeFile(RESULT, `${JSON.stringify(result, null, 2)}\n`);
    console.log(JSON.stringify(result, null, 2));
  } finally {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The coordinator's process: makes the federation it is told to, and answers questions about its own cost. */
async function serve(folder: string): Promise<void> {
  const coordinator = await startCoordinator({
    store: await openSqliteStore(join(folder, "store.sqlite")),
    blobs: await openBlobFiles(join(folder, "blobs")),
    port: 0,
  });
  process.on("message", async (question: "usage" | { parties: number; leaseSeconds: number }) => {
    if (question === "usage") {
      const { user, system } = process.cpuUsage();
      const usage: Usage = { rssBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 };
      process.send?.(usage);
      return;
    }
    await coordinator.createFederation("idle", idleFederation(question.parties, question.leaseSeconds));
    const { url } = await coordinator.createInvite("idle", { uses: question.parties });
    process.send?.({ port: coordinator.port, invite: parseInvite(url).token });
  });
}

function idleFederation(parties: number, leaseSeconds: number) {
  return federationSpecSchema.parse({
    name: "Idle",
    dataset: "none",
    task: {
      model: { kind: "mlp", hidden: [128, 64] },
      inputShape: [28, 28, 1],
      outputs: 10,
      loss: "cross-entropy",
      optimizer: { kind: "sgd" },
      learningRate: 0.1,
      batchSize: 32,
    },
    algorithm: { kind: "fedavg", localSteps: 10 },
    rounds: 1,
    seed: 1,
    minimumParties: parties,
    leaseSeconds,
  });
}

function ask<T>(child: ChildProcess, question: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once("message", (answer) => resolve(answer as T));
    child.once("exit", (code) => reject(new Error(`the coordinator ended with ${code}`)));
    child.send(question as object);
  });
}

function post<T>(port: number, agent: Agent, path: string, body: object, key?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
    const sent = request({ host: "127.0.0.1", port, agent, method: "POST", path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => {
        const answer = Buffer.concat(parts).toString();
        if ((response.statusCode ?? 0) >= 300) reject(new Error(`${path}: ${response.statusCode} ${answer}`));
        else resolve(JSON.parse(answer) as T);
      });
    });
    sent.on("error", reject);
    sent.end(text);
  });
}

async function inBatches<T>(count: number, size: number, run: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let from = 0; from < count; from += size) {
    const batch = Array.from({ length: Math.min(size, count - from) }, (_, i) => run(from + i));
    results.push(...(await Promise.all(batch)));
  }
  return results;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
