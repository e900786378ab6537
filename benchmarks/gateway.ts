import { type ChildProcess, fork } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus, loadavg, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { diversity } from "@concord/alignment/scoring";
import { memoryBlobs, memoryStore, openAiBase, startCoordinator } from "@concord/coordinator";

/**
 * What the gateway adds to the slowest of its candidates. A fake upstream of fixed latency, a process of its own, says of
 * each request when it came and when its answer left; the overhead of a request is the time that its client waits less the
 * time from the first candidate's arrival at the upstream to the last one's departure, both by the machine's clock. The
 * gateway is a process of its own too. Usage: node benchmarks/gateway.ts [--requests 200] [--latency 100] [--k 8]
 */
const RESULT = fileURLToPath(new URL("./results/gateway.json", import.meta.url));
const WORDS =
  "the cat sat on the mat and looked at the moon while a small dog ran over a green hill with his red ball".split(" ");

const agent = new Agent({ keepAlive: true });

switch (process.argv[2]) {
  case "upstream":
    await upstream(Number(process.argv[3]));
    break;
  case "gateway":
    await gateway(process.argv[3] ?? "", Number(process.argv[4]));
    break;
  default:
    await measure();
}

interface Asked {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

async function measure(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: "string", default: "200" },
      latency: { type: "string", default: "100" },
      k: { type: "string", default: "8" },
      warmup: { type: "string", default: "50" },
    },
  });
  const [requests, latency, k, warmup] = [values.requests, values.latency, values.k, values.warmup].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const loadBefore = loadavg();
  const file = fileURLToPath(import.meta.url);
  const children: ChildProcess[] = [];
  try {
    const behind = fork(file, ["upstream", String(latency)]);
    children.push(behind);
    const { url } = await message<{ url: string }>(behind);
    const before = fork(file, ["gateway", url, String(k)]);
    children.push(before);
    const { address, key } = await message<{ address: string; key: string }>(before);

    const ask = async (seed: number) => {
      const began = now();
      const { x_palette: trace } = JSON.parse((await chat(address, key, seed)).body) as {
        x_palette: { drawn: number };
      };
      const waited = now() - began;
      if (trace.drawn !== k) throw new Error(`only ${trace.drawn} of ${k} candidates came`);
      behind.send("last");
      const { first, last, count } = await message<Asked>(behind);
      if (count !== k) throw new Error(`the upstream saw ${count} requests for ${k} candidates`);
      return { waited, overhead: waited - (last - first), drawing: last - first };
    };
    for (let seed = 0; seed < warmup; seed++) await ask(seed);
    const processor = async () => {
      before.send("processor");
      return message<number>(before);
    };
    const spent = await processor();
    const asked = [];
    for (let seed = 0; seed < requests; seed++) {
      asked.push(await ask(seed));
      await sleep(5);
    }
    const gatewayCpuMs = ((await processor()) - spent) / requests;
    const began = now();
    const many = await Promise.all(Array.from({ length: 200 }, (_, seed) => chat(address, key, seed)));
    const seconds = (now() - began) / 1000;
    const result = {
      what: "a chat request through the gateway over a fake upstream of fixed latency, reward: n-gram diversity",
      date: new Date().toISOString(),
      machine: {
        cpu: cpus()[0]?.model,
        cores: cpus().length,
        memoryGiB: Math.round(totalmem() / 2 ** 30),
        node: process.version,
        loadBefore: loadBefore.map((load) => round(load)),
        loadAfter: loadavg().map((load) => round(load)),
        note: "client, gateway and upstream are processes on the same cores",
      },
      requests,
      candidates: k,
      upstreamLatencyMs: latency,
      waitedMs: quantiles(asked.map(({ waited }) => waited)),
      upstreamMs: quantiles(asked.map(({ drawing }) => drawing)),
      /** Of the gateway's process, for each request: what the overhead comes to on a machine that does nothing else. */
      gatewayCpuMs: round(gatewayCpuMs),
      overheadMs: quantiles(asked.map(({ overhead }) => overhead)),
      atOnce: {
        requests: many.length,
        answered: many.filter(({ status }) => status === 200).length,
        seconds: round(seconds),
      },
    };
    await mkdir(fileURLToPath(new URL("./results", import.meta.url)), { recursive: true });
    await writeFile(RESULT, `${JSON.stringify(result, null, 2)}\n`);
    console.log(JSON.stringify(result, null, 2));
  } finally {
    for (const child of children) child.kill();
  }
}

/** Asks over a connection that stays open, with as little work of its own as there can be. */
function chat(address: string, key: string, seed: number): Promise<{ readonly status: number; readonly body: string }> {
  const body = JSON.stringify({ model: "base@varied", messages: [{ role: "user", content: "Go on." }], seed });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const asked = request(`${address}/v1/chat/completions`, { method: "POST", agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Answers after a fixed time with a sentence that depends on the seed. */
async function upstream(latency: number): Promise<void> {
  let [first, last, count] = [Number.POSITIVE_INFINITY, 0, 0];
  const server = createServer((request, response) => {
    const came = now();
    first = Math.min(first, came);
    count++;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { seed } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { seed: number };
      const content = Array.from({ length: 40 }, (_, i) => WORDS[(seed + i * (1 + (seed % 5))) % WORDS.length]).join(
        " ",
      );
      const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
      const body = JSON.stringify({ choices, usage: { prompt_tokens: 3, completion_tokens: 40 } });
      setTimeout(() => {
        last = Math.max(last, now());
        response.setHeader("content-type", "application/json");
        response.end(body);
      }, latency);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.on("message", () => {
    process.send?.({ first, last, count } satisfies Asked);
    [first, last, count] = [Number.POSITIVE_INFINITY, 0, 0];
  });
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` });
}

async function gateway(url: string, k: number): Promise<void> {
  const base = openAiBase({ name: "base", url, model: "fake", parallel: 2_000, timeoutSeconds: 60 });
  const coordinator = await startCoordinator({
    store: memoryStore(),
    blobs: memoryBlobs(),
    port: 0,
    gateway: { bases: [base], rewards: [diversity()], keepPrompts: false, requests: 1_000 },
  });
  const rewards = Array.from({ length: 100 * k }, (_, j) => ({ prompt_id: Math.floor(j / k), diversity: (j % k) / k }));
  const send = async (path: string, body: object) =>
    (await (
      await fetch(coordinator.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${coordinator.operatorKey}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      })
    ).json()) as { key: string };
  await send("/v1/palettes", {
    ...{ name: "varied", base: "base", targets: "diversity=q60", k },
    pilot: { kind: "rewards", rewards },
  });
  const { key } = await send("/v1/tenants", { name: "benchmark" });
  // The time of the processor does not depend on what else the machine does.
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.((user + system) / 1000);
  });
  process.send?.({ address: coordinator.url, key });
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`a process ended early (${code})`));
    child.once("exit", ended);
    child.once("message", (value) => {
      child.off("exit", ended);
      resolve(value as T);
    });
  });
}

/** Milliseconds of the machine's clock, the same in every process. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function quantiles(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
