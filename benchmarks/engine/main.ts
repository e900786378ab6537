import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Engine, NDArray } from "@concord/engine";
import { key, matmul, portableEngine, rng, tensor } from "@concord/engine";
import { nativeEngine } from "@concord/engine/node";
import type { Peer, Times } from "./peer.ts";
import { startPyTorch } from "./peer.ts";
import { plot } from "./plot.ts";
import { geometricMean, median, medianInterval } from "./statistics.ts";
import type { Workload } from "./workloads.ts";
import { workloads } from "./workloads.ts";

/**
 * Times every workload on the portable engine, the native engine and PyTorch, in turns, and writes results and a plot:
 *
 *     node benchmarks/engine/main.ts [--rounds 9] [--threads 1] [--no-portable] [--out benchmarks/engine/results] [workload …]
 *
 * Every round times all three one after the other, so that what else the machine does hits them alike; a ratio is taken
 * within a round. The portable engine takes part in few rounds, and runs the CNN once (minutes).
 */
const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    threads: { type: "string", default: "1" },
    portable: { type: "boolean", default: true },
    out: { type: "string", default: "benchmarks/engine/results" },
  },
  allowPositionals: true,
  allowNegative: true,
});

export interface Measured {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

export interface Ratio {
  readonly median: number;
  readonly interval: readonly [number, number];
}

export interface Result {
  readonly workload: string;
  readonly native: Measured;
  readonly portable?: Measured | undefined;
  readonly pytorch?: Measured | undefined;
  readonly nativeToPyTorch?: Ratio | undefined;
  /** The same of the processor's time: what other work takes away from either is not in it. */
  readonly processorNativeToPyTorch?: Ratio | undefined;
  readonly portableToNative?: number | undefined;
  /** Tracing, lowering and opening the session, in milliseconds. */
  readonly compile: number;
}

/** A workload on one engine, ready to be timed. */
type Timer = (steps: number) => Promise<Times>;

const PORTABLE_ROUNDS = 3;
const rounds = Number(values.rounds);
const threads = Number(values.threads);
const [native, portable, peer] = [
  await nativeEngine({ strict: true, intraOpThreads: threads }),
  await portableEngine(),
  await startPyTorch(threads),
];
const results: Result[] = [];
const wanted = (name: string) => positionals.length === 0 || positionals.includes(name);
for (const n of [512, 1024]) {
  if (!wanted(`matmul-${n}`)) continue;
  const [a, b] = [await productTimer(native, n), await productTimer(portable, n)];
  results.push(
    await measure(
      `matmul-${n}`,
      { steps: 5, portableSteps: 2, native: a.time, portable: b.time, compile: a.compile },
      peer,
    ),
  );
  await save();
}
for (const workload of workloads()) {
  if (!wanted(workload.name)) continue;
  const [a, b] = [await stepTimer(native, workload), await stepTimer(portable, workload)];
  const portableSteps = workload.name === "cnn" ? 1 : Math.min(4, workload.steps);
  results.push(
    await measure(
      workload.name,
      { steps: workload.steps, portableSteps, native: a.time, portable: b.time, compile: a.compile },
      peer,
    ),
  );
  await save();
}
peer?.stop();

console.log(JSON.stringify((await save()).summary, null, 2));

/** Writes what has been measured so far: a run takes long, and may be cut short. */
async function save() {
  const training = results.filter(({ workload }) => !workload.startsWith("matmul"));
  const summary = {
    nativeToPyTorch: overall(training.flatMap(({ nativeToPyTorch }) => nativeToPyTorch ?? [])),
    processorNativeToPyTorch: overall(
      training.flatMap(({ processorNativeToPyTorch }) => processorNativeToPyTorch ?? []),
    ),
    portableToNative: values.portable
      ? geometricMean(training.flatMap((result) => result.portableToNative ?? []))
      : undefined,
  };
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      processor: cpus()[0]?.model,
      cores: availableParallelism(),
      load: loadavg()[0],
      node: process.version,
    },
    threads,
    engine: native.description,
    pytorch: peer && { version: peer.version, blas: peer.blas },
    summary,
    results,
  };
  await mkdir(values.out, { recursive: true });
  await writeFile(`${values.out}/results.json`, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(`${values.out}/results.svg`, plot(results));
  return report;
}

async function measure(
  workload: string,
  timers: { steps: number; portableSteps: number; native: Timer; portable: Timer; compile: number },
  torch: Peer | undefined,
): Promise<Result> {
  const { steps, portableSteps } = timers;
  await timers.native(1);
  await torch?.time(workload, 1);
  const portableRounds = !values.portable ? 0 : workload === "cnn" ? 1 : PORTABLE_ROUNDS;
  if (portableRounds > 1) await timers.portable(1);
  const times: Record<"native" | "portable" | "pytorch", Times[]> = { native: [], portable: [], pytorch: [] };
  for (let round = 0; round < rounds; round++) {
    times.native.push(await timers.native(steps));
    if (torch !== undefined) times.pytorch.push(await torch.time(workload, steps));
    if (round < portableRounds) times.portable.push(await timers.portable(portableSteps));
  }
  const ratioOf = (pick: (times: Times) => number): Ratio => {
    const paired = times.pytorch.map((one, i) => pick(times.native[i] ?? one) / pick(one));
    return { median: median(paired), interval: medianInterval(paired) };
  };
  const wall = ({ ms }: Times) => ms;
  const result: Result = {
    workload,
    native: summarize(times.native),
    portable: values.portable ? summarize(times.portable) : undefined,
    pytorch: torch && summarize(times.pytorch),
    nativeToPyTorch: torch && ratioOf(wall),
    processorNativeToPyTorch: torch && ratioOf(({ processor }) => processor),
    portableToNative: values.portable ? median(times.portable.map(wall)) / median(times.native.map(wall)) : undefined,
    compile: timers.compile,
  };
  const show = (measured: Measured | undefined) => measured?.median.toFixed(3).padStart(10) ?? "-".padStart(10);
  const tell = (what: string, ratio: Ratio | undefined) =>
    ratio ? `${what} ${ratio.median.toFixed(2)} [${ratio.interval.map((end) => end.toFixed(2)).join(", ")}]  ` : "";
  const told = tell("ratio", result.nativeToPyTorch) + tell("of processor time", result.processorNativeToPyTorch);
  console.log(
    `${workload.padEnd(12)} portable ${show(result.portable)}  native ${show(result.native)}  PyTorch ${show(result.pytorch)} ms  ${told}`,
  );
  return result;
}

async function stepTimer(
  engine: Engine,
  { step, carry, input, steps }: Workload,
): Promise<{ time: Timer; compile: number }> {
  const inputs = Array.from({ length: steps }, (_, i) => input(i));
  const program = await engine.compileStep(step);
  return {
    compile: program.compileMilliseconds ?? 0,
    time: (count) => timed(count, () => program.run(carry, inputs.slice(0, count))),
  };
}

/** A chain of products inside one program, so that what is timed is the product and not the copy to the host. */
async function productTimer(engine: Engine, n: number): Promise<{ time: Timer; compile: number }> {
  const spec = { dtype: "float32", shape: [n, n] } as const;
  const random = rng(key(n));
  const matrix = tensor(
    "float32",
    [n, n],
    Float32Array.from({ length: n * n }, () => random.uniform() / n),
  );
  const CHAIN = 4;
  const program = await engine.compile({
    name: `product of ${n}`,
    inputs: { a: spec, b: spec },
    apply({ a, b }) {
      let product = a as NDArray;
      for (let i = 0; i < CHAIN; i++) product = matmul(product, b as NDArray);
      return { product };
    },
  });
  return {
    compile: program.compileMilliseconds ?? 0,
    time: (count) =>
      timed(count * CHAIN, async () => {
        for (let i = 0; i < count; i++) await program.run({ a: matrix, b: matrix });
      }),
  };
}

async function timed(count: number, work: () => Promise<unknown>): Promise<Times> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: (performance.now() - started) / count, processor: (user + system) / 1000 / count };
}

function overall(ratios: readonly Ratio[]) {
  if (ratios.length === 0) return undefined;
  return {
    geometricMean: geometricMean(ratios.map((ratio) => ratio.median)),
    interval: [0, 1].map((end) => geometricMean(ratios.map((ratio) => ratio.interval[end] ?? ratio.median))),
    worst: Math.max(...ratios.map((ratio) => ratio.median)),
  };
}

function summarize(all: readonly Times[]): Measured {
  const times = all.map(({ ms }) => ms);
  return { median: median(times), min: Math.min(...times), max: Math.max(...times), rounds: times.length };
}
