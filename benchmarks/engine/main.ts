import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Engine, NDArray } from "@concord/engine";
import { key, matmul, portableEngine, rng, tensor } from "@concord/engine";
import { nativeEngine } from "@concord/engine/node";
import type { Peer } from "./peer.ts";
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
  readonly portableToNative?: number | undefined;
  /** Tracing, lowering and opening the session, in milliseconds. */
  readonly compile: number;
}

/** A workload on one engine, ready to be timed: milliseconds a step. */
type Timer = (steps: number) => Promise<number>;

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
}
for (const workload of workloads()) {
  if (!wanted(workload.name)) continue;
  const [a, b] = [await stepTimer(native, workload), await stepTimer(portable, workload)];
  const portableSteps = Math.min(5, workload.steps);
  results.push(
    await measure(
      workload.name,
      { steps: workload.steps, portableSteps, native: a.time, portable: b.time, compile: a.compile },
      peer,
    ),
  );
}
peer?.stop();

const training = results.filter(({ workload }) => !workload.startsWith("matmul"));
const ratios = training.flatMap(({ nativeToPyTorch }) => nativeToPyTorch ?? []);
const summary = {
  nativeToPyTorch:
    ratios.length === 0
      ? undefined
      : {
          geometricMean: geometricMean(ratios.map((ratio) => ratio.median)),
          interval: [0, 1].map((end) => geometricMean(ratios.map((ratio) => ratio.interval[end] ?? ratio.median))),
          worst: Math.max(...ratios.map((ratio) => ratio.median)),
        },
  portableToNative: values.portable
    ? geometricMean(training.flatMap((result) => result.portableToNative ?? []))
    : undefined,
};
const machine = {
  processor: cpus()[0]?.model,
  cores: availableParallelism(),
  load: loadavg()[0],
  node: process.version,
};
const report = {
  machine,
  threads,
  engine: native.description,
  pytorch: peer && { version: peer.version, blas: peer.blas },
  summary,
  results,
};
await mkdir(values.out, { recursive: true });
await writeFile(`${values.out}/results.json`, `${JSON.stringify(report, null, 2)}\n`);
await writeFile(`${values.out}/results.svg`, plot(results));
console.log(JSON.stringify(summary, null, 2));

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
  const times: { native: number[]; portable: number[]; pytorch: number[] } = { native: [], portable: [], pytorch: [] };
  for (let round = 0; round < rounds; round++) {
    times.native.push(await timers.native(steps));
    if (torch !== undefined) times.pytorch.push(await torch.time(workload, steps));
    if (round < portableRounds) times.portable.push(await timers.portable(portableSteps));
  }
  const paired = times.pytorch.map((ms, i) => (times.native[i] ?? Number.NaN) / ms);
  const result: Result = {
    workload,
    native: summarize(times.native),
    portable: values.portable ? summarize(times.portable) : undefined,
    pytorch: torch && summarize(times.pytorch),
    nativeToPyTorch: torch && { median: median(paired), interval: medianInterval(paired) },
    portableToNative: values.portable ? median(times.portable) / median(times.native) : undefined,
    compile: timers.compile,
  };
  const show = (measured: Measured | undefined) => measured?.median.toFixed(3).padStart(10) ?? "-".padStart(10);
  const ratio = result.nativeToPyTorch;
  const told = ratio
    ? `ratio ${ratio.median.toFixed(2)} [${ratio.interval.map((end) => end.toFixed(2)).join(", ")}]`
    : "";
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
    async time(count) {
      const started = performance.now();
      await program.run(carry, inputs.slice(0, count));
      return (performance.now() - started) / count;
    },
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
    async time(count) {
      const started = performance.now();
      for (let i = 0; i < count; i++) await program.run({ a: matrix, b: matrix });
      return (performance.now() - started) / count / CHAIN;
    },
  };
}

function summarize(times: readonly number[]): Measured {
  return { median: median(times), min: Math.min(...times), max: Math.max(...times), rounds: times.length };
}
