import type { ArrayTree, NDArray, StepDefinition, Tensor, TensorOf, TensorSpec, Tree } from "@concord/engine";
import {
  conv2d,
  float32,
  int32,
  key,
  mapTree,
  maxPool2d,
  mean,
  relu,
  rng,
  scalar,
  sizeOf,
  specOf,
  split,
  square,
  sum,
  valueAndGrad,
} from "@concord/engine";
import type { Optimizer } from "@concord/learning";
import {
  adam,
  adamw,
  arrayAt,
  branchAt,
  buildTask,
  convolutionInit,
  convolutionSpecs,
  crossEntropy,
  flattenExamples,
  gpt,
  linear,
  linearInit,
  linearSpecs,
  loraInit,
  loraSpecs,
  mlp,
  sgd,
} from "@concord/learning";

/** A training step, with what it starts from and what it is fed. */
export interface Workload {
  readonly name: string;
  readonly step: StepDefinition;
  readonly carry: Tree<Tensor>;
  /** A batch of its own for each number. */
  readonly input: (seed: number) => Tree<Tensor>;
  /** Steps that go into one timed run. */
  readonly steps: number;
}

/** The six training steps of the benchmark; `small` shrinks their shapes for tests of correctness. */
export function workloads({ small = false } = {}): Workload[] {
  return [
    small ? mlpStep("mlp-32", 4, [12, [8, 8]], 20) : mlpStep("mlp-32", 32, [784, [200, 200]], 200),
    small ? mlpStep("mlp-256", 8, [12, [8, 8]], 20) : mlpStep("mlp-256", 256, [784, [200, 200]], 50),
    small ? cnnStep(2, 8, [3, 4, 6, 8]) : cnnStep(32, 32, [3, 64, 128, 256]),
    small ? autoencoderStep(4, [18, 8, 4, 8, 18]) : autoencoderStep(32, [1682, 256, 128, 256, 1682]),
    gptStep(small ? SMALL_GPT : GPT, small ? 2 : 8, false),
    gptStep(small ? SMALL_GPT : GPT, small ? 2 : 8, true),
  ];
}

/** A party's local step in the experiments with DynamicFL: LeNet, batch 10, momentum, weight decay and clipping. Not compared with PyTorch. */
export function localStep(): Workload {
  const inputShape = [28, 28, 1];
  const task = buildTask({
    model: { kind: "lenet" },
    inputShape,
    outputs: 10,
    loss: "cross-entropy",
    optimizer: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    learningRate: 0.01,
    clipNorm: 10,
    batchSize: 10,
  });
  const parameters = task.model.init(key(1));
  return {
    name: "lenet",
    steps: 50,
    step: task.trainingStep,
    carry: { parameters, optimizer: task.optimizer.init(mapTree(parameters, specOf)) },
    input: (seed) => task.batch({ x: uniform(seed, [10, ...inputShape]), y: labels(seed, [10], 10) }, 0.01),
  };
}

const GPT = { layers: 4, width: 128, heads: 4, context: 128, vocabulary: 512 };
const SMALL_GPT = { layers: 2, width: 8, heads: 2, context: 6, vocabulary: 11 };

function mlpStep(name: string, batch: number, [inputs, hidden]: [number, number[]], steps: number): Workload {
  const model = mlp([inputs], hidden, 10);
  return {
    name,
    steps,
    ...training(name, model.parameters, sgd(), {
      input: { x: f32([batch, inputs]), y: i32([batch]) },
      loss: (p, input) => mean(crossEntropy(model.apply(p, arrayAt(input, "x")), arrayAt(input, "y"))),
      rate: 0.05,
      start: model.init(key(1)),
    }),
    input: (seed) => ({ x: uniform(seed, [batch, inputs]), y: labels(seed, [batch], 10) }),
  };
}

/** Convolutions of 3 × 3 with the same size out as in, each followed by ReLU and 2 × 2 pooling, then one linear layer. */
function cnnStep(batch: number, side: number, channels: readonly number[]): Workload {
  const layers = channels.slice(1).map((outputs, i) => ({ inputs: channels[i] ?? 0, outputs, side: 3 }));
  const features = (channels.at(-1) ?? 0) * (side / 2 ** layers.length) ** 2;
  const parameters = {
    ...Object.fromEntries(layers.map((layer, i) => [`conv${i}`, convolutionSpecs(layer)])),
    head: linearSpecs(features, 10),
  };
  const apply = (p: ArrayTree, x: NDArray) => {
    const top = layers.reduce((h, { outputs }, i) => {
      const layer = branchAt(p, `conv${i}`);
      const bias = arrayAt(layer, "bias").reshape([outputs, 1, 1]);
      return maxPool2d(relu(conv2d(h, arrayAt(layer, "weight"), "same").add(bias)), 2);
    }, x);
    return linear(branchAt(p, "head"), flattenExamples(top));
  };
  return {
    name: "cnn",
    steps: 4,
    ...training("cnn", parameters, sgd(), {
      input: { x: f32([batch, channels[0] ?? 0, side, side]), y: i32([batch]) },
      loss: (p, input) => mean(crossEntropy(apply(p, arrayAt(input, "x")), arrayAt(input, "y"))),
      rate: 0.05,
      start: {
        ...Object.fromEntries(layers.map((layer, i) => [`conv${i}`, convolutionInit(split(key(1), i), layer)])),
        head: linearInit(split(key(1), "head"), features, 10),
      },
    }),
    input: (seed) => ({ x: uniform(seed, [batch, channels[0] ?? 0, side, side]), y: labels(seed, [batch], 10) }),
  };
}

/** The recommender of PersonalFR: one row of ratings in, one out, and errors counted only where a rating is. */
function autoencoderStep(batch: number, [items = 0, ...widths]: readonly number[]): Workload {
  const model = mlp([items], widths.slice(0, -1), items);
  return {
    name: "autoencoder",
    steps: 20,
    ...training("autoencoder", model.parameters, adam(), {
      input: { x: f32([batch, items]), mask: f32([batch, items]) },
      loss(p, input) {
        const [x, mask] = [arrayAt(input, "x"), arrayAt(input, "mask")];
        return sum(square(model.apply(p, x).sub(x)).mul(mask)).div(sum(mask));
      },
      rate: 1e-3,
      start: model.init(key(1)),
    }),
    input(seed) {
      const random = rng(split(key(seed), "mask"));
      const mask = float32(
        [batch, items],
        Float32Array.from({ length: batch * items }, () => (random.uniform() < 0.1 ? 1 : 0)),
      );
      return { x: uniform(seed, [batch, items]), mask };
    },
  };
}

/** Next tokens with AdamW: every parameter, or only adapters of rank 8 at the query and value projections. */
function gptStep(size: typeof GPT, batch: number, lora: boolean): Workload {
  const model = gpt(size);
  const layers = Array.from({ length: size.layers }, (_, i) => [`block${i}.query`, `block${i}.value`]).flat();
  const name = lora ? "gpt-lora" : "gpt";
  const tokens = { tokens: i32([batch, size.context]), next: i32([batch * size.context]) };
  const start = model.init(key(1));
  const lossOf = (logits: NDArray, input: ArrayTree) => mean(crossEntropy(logits, arrayAt(input, "next")));
  const body = lora
    ? training(name, loraSpecs(layers, size.width, 8), adamw(), {
        input: tokens,
        constants: model.parameters,
        loss: (adapters, input, base) =>
          lossOf(model.apply(base, arrayAt(input, "tokens"), { parameters: adapters, scale: 2 }), input),
        rate: 1e-3,
        start: loraInit(key(2), layers, size.width, 8),
        base: start,
      })
    : training(name, model.parameters, adamw(), {
        input: tokens,
        loss: (p, input) => lossOf(model.apply(p, arrayAt(input, "tokens")), input),
        rate: 1e-3,
        start,
      });
  return {
    name,
    steps: 4,
    ...body,
    input: (seed) => ({
      tokens: labels(seed, [batch, size.context], size.vocabulary),
      next: labels(seed + 1000, [batch * size.context], size.vocabulary),
    }),
  };
}

interface Training {
  readonly input: Tree<TensorSpec>;
  readonly loss: (parameters: ArrayTree, input: ArrayTree, base: ArrayTree) => NDArray;
  readonly rate: number;
  readonly start: Tree<Tensor>;
  /** Parameters that are carried along but not trained. */
  readonly constants?: Tree<TensorSpec>;
  readonly base?: Tree<Tensor>;
}

function training(
  name: string,
  parameters: Tree<TensorSpec>,
  optimizer: Optimizer,
  { input, loss, rate, start, constants = {}, base = {} }: Training,
): Pick<Workload, "step" | "carry"> {
  return {
    step: {
      name,
      carry: { parameters, optimizer: optimizer.state(parameters), base: constants, rate: f32([]) },
      input,
      apply(carry, given) {
        const frozen = branchAt(carry, "base");
        const before = branchAt(carry, "parameters");
        const objective = (p: ArrayTree) => ({ loss: loss(p, given, frozen), aux: {} });
        const { loss: value, gradient } = valueAndGrad(objective)(before);
        const next = optimizer.update(gradient, branchAt(carry, "optimizer"), before, arrayAt(carry, "rate"));
        return {
          carry: { parameters: next.parameters, optimizer: next.state, base: frozen, rate: arrayAt(carry, "rate") },
          output: { loss: value },
        };
      },
    },
    carry: { parameters: start, optimizer: optimizer.init(parameters), base, rate: scalar(rate) },
  };
}

function f32(shape: readonly number[]): TensorSpec {
  return { dtype: "float32", shape };
}

function i32(shape: readonly number[]): TensorSpec {
  return { dtype: "int32", shape };
}

function uniform(seed: number, shape: readonly number[]): TensorOf<"float32"> {
  const random = rng(key(seed));
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.uniform()),
  );
}

function labels(seed: number, shape: readonly number[], classes: number): TensorOf<"int32"> {
  const random = rng(key(seed));
  return int32(
    shape,
    Int32Array.from({ length: sizeOf(shape) }, () => Math.floor(random.uniform() * classes)),
  );
}
