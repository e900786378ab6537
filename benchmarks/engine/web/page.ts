import type { Engine, StepDefinition, StepProgram, Tensor, Tree } from "@concord/engine";
import { float32, int32, key, portableEngine, rng, sizeOf, split } from "@concord/engine";
import { stepWork, webEngine } from "@concord/engine/programs";
import { buildTask, type TaskSpec } from "@concord/learning";
import { workloads } from "../workloads.ts";

/** What is timed: tasks that a tab can be given, and three workloads of the benchmark in Node. */
export interface Timed {
  readonly name: string;
  readonly step: StepDefinition;
  readonly carry: Tree<Tensor>;
  readonly inputs: readonly Tree<Tensor>[];
}

/** Milliseconds a step, one entry a round. */
export interface Times {
  readonly name: string;
  /** Floating-point operations of one step, roughly. */
  readonly work: number;
  readonly convolutions: number;
  readonly steps: number;
  readonly portable: readonly number[];
  readonly web: readonly number[];
  /** Tracing, lowering and opening the session. */
  readonly compile: number;
}

const STEPS = 20;
let engines: { readonly portable: Engine; readonly web: Engine; readonly load: number } | undefined;

/** Loads both engines; returns how long the runtime took to load and compile. */
async function start(assets: string): Promise<number> {
  const started = performance.now();
  const web = await webEngine({ assets, now: () => performance.now() });
  const load = performance.now() - started;
  engines = { portable: await portableEngine("wasm"), web, load };
  return load;
}

function names(): string[] {
  return timed().map(({ name }) => name);
}

/** Times one workload on both engines, in turns. */
async function time(name: string, rounds: number): Promise<Times> {
  const workload = timed().find((one) => one.name === name);
  if (engines === undefined || workload === undefined) throw new Error(`no workload ${name}`);
  const web = await engines.web.compileStep(workload.step);
  const portable = await engines.portable.compileStep(workload.step);
  const { work, convolutions } = await stepWork(workload.step);
  const once = async (program: StepProgram) => {
    const started = performance.now();
    await program.run(workload.carry, workload.inputs);
    return (performance.now() - started) / workload.inputs.length;
  };
  await once(web);
  await once(portable);
  const times = { portable: [] as number[], web: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.portable.push(await once(portable));
    times.web.push(await once(web));
  }
  web.dispose();
  portable.dispose();
  const steps = workload.inputs.length;
  return { name, work, convolutions, steps, ...times, compile: web.compileMilliseconds ?? 0 };
}

function timed(): Timed[] {
  const images = (hidden: readonly number[], batchSize: number) =>
    task(`MLP 784-${hidden.join("-")}-10, batch ${batchSize}`, {
      ...TASK,
      model: { kind: "mlp", hidden },
      batchSize,
    });
  const wanted = ["autoencoder", "gpt", "gpt-lora"];
  return [
    task("softmax regression 784-10, batch 32", { ...TASK, model: { kind: "softmax" }, batchSize: 32 }),
    images([32], 16),
    images([64], 32),
    images([128], 32),
    images([200, 200], 32),
    images([200, 200], 128),
    images([512, 512], 64),
    task("LeNet, batch 16", { ...TASK, model: { kind: "lenet" }, batchSize: 16 }),
    task("LeNet, batch 64", { ...TASK, model: { kind: "lenet" }, batchSize: 64 }),
    ...workloads()
      .filter(({ name }) => wanted.includes(name))
      .map(({ name, step, carry, input }) => ({
        name,
        step,
        carry,
        inputs: series(name === "autoencoder" ? 8 : 1, input),
      })),
  ];
}

const TASK = {
  inputShape: [28, 28, 1],
  outputs: 10,
  loss: "cross-entropy",
  optimizer: { kind: "sgd" },
  learningRate: 0.05,
} as const;

function task(name: string, spec: TaskSpec): Timed {
  const { model, optimizer, trainingStep, batch } = buildTask(spec);
  return {
    name,
    step: trainingStep,
    carry: { parameters: model.init(key(1)), optimizer: optimizer.init(model.parameters) },
    inputs: series(STEPS, (seed) => {
      const random = rng(split(key(seed), "batch"));
      const shape = [spec.batchSize, ...spec.inputShape];
      const pixels = Float32Array.from({ length: sizeOf(shape) }, () => random.uniform());
      const labels = Int32Array.from({ length: spec.batchSize }, () => Math.floor(10 * random.uniform()));
      return batch({ x: float32(shape, pixels), y: int32([spec.batchSize], labels) }, spec.learningRate);
    }),
  };
}

function series(length: number, input: (seed: number) => Tree<Tensor>): Tree<Tensor>[] {
  return Array.from({ length }, (_, seed) => input(seed));
}

/** What the script outside calls. */
const bench = { start, names, time };
export type Bench = typeof bench;
Object.assign(globalThis, { bench });
