import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { key, rng } from "@concord/engine";
import type { PlannedParty } from "@concord/federation";
import { LEVELS, MBIT, planIntervals } from "@concord/federation";
import { machine } from "./machine.ts";

/**
 * How long the planner takes to give each of 10 to 500 parties an interval level, over random links that are the same in
 * every run, with and without a limit of the coordinator's line: what `concord plan dynamicfl` works out, without the start
 * of the command. Usage: node benchmarks/planner.ts
 */
const RESULT = fileURLToPath(new URL("./results/planner.json", import.meta.url));
const PARTIES = [10, 50, 100, 200, 500];
const ROUNDS = 3;
/** A model of 44,470 parameters of 4 bytes. */
const MESSAGE = 4 * 44_470;
const STEPS = 250;
const DEADLINES = [5, 30, 120];
/** Mbit/s of the coordinator's line, each way. */
const LINES = [undefined, 200];

const loadBefore = loadavg();
const results = LINES.flatMap((line) =>
  PARTIES.flatMap((count) => DEADLINES.map((deadline) => measure(count, deadline, line))),
);
const result = {
  what: "planIntervals: levels a … g for parties with random links",
  date: new Date().toISOString(),
  machine: {
    ...machine(),
    loadBefore: loadBefore.map((load) => round(load)),
    loadAfter: loadavg().map((load) => round(load)),
  },
  messageBytes: MESSAGE,
  steps: STEPS,
  rounds: ROUNDS,
  results,
};
await mkdir(join(RESULT, ".."), { recursive: true });
await writeFile(RESULT, `${JSON.stringify(result, null, 2)}\n`);
console.log(JSON.stringify(result, null, 2));

function measure(count: number, deadline: number, line: number | undefined) {
  const question = {
    parties: randomParties(count),
    levels: LEVELS,
    steps: STEPS,
    deadline,
    messageBytes: { up: MESSAGE, down: MESSAGE },
    ...(line !== undefined && { server: { up: line * MBIT, down: line * MBIT } }),
  };
  const { parties, unable } = planIntervals(question);
  const times = Array.from({ length: ROUNDS }, () => {
    const began = { wall: performance.now(), cpu: process.cpuUsage() };
    planIntervals(question);
    const { user, system } = process.cpuUsage(began.cpu);
    return { wall: performance.now() - began.wall, cpu: (user + system) / 1000 };
  });
  return {
    parties: count,
    deadline,
    lineMbit: line ?? null,
    planned: parties.length,
    unable: unable.length,
    exchanges: parties.reduce((sum, { exchanges }) => sum + exchanges, 0),
    medianMs: median(times.map(({ wall }) => wall)),
    medianCpuMs: median(times.map(({ cpu }) => cpu)),
  };
}

/** 1–50 Mbit/s up, 5–100 down, round trips of 5–200 ms, 10–200 steps a second, 50–900 examples. */
function randomParties(count: number): readonly PlannedParty[] {
  const random = rng(key("planner benchmark"));
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  return Array.from({ length: count }, (_, i) => ({
    id: `party-${i + 1}`,
    examples: Math.round(between(50, 900)),
    link: {
      up: between(1, 50) * MBIT,
      down: between(5, 100) * MBIT,
      latency: between(5, 200) / 1000,
      pace: between(10, 200),
    },
  }));
}

function median(values: readonly number[]): number {
  return round(values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN);
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
