import type { ArrayTree, Engine, NDArray, StepDefinition, Tensor, TensorSpec, Tree } from "@concord/engine";
import {
  conv2d,
  flatten,
  float32,
  int32,
  key,
  mapTree,
  maxPool2d,
  mean,
  portableEngine,
  relu,
  rng,
  sizeOf,
  specOf,
  split,
  valueAndGrad,
} from "@concord/engine";
import { nativeEngine } from "@concord/engine/node";
import { beforeAll, describe, expect, it } from "vitest";
import {
  adam,
  adamw,
  arrayAt,
  branchAt,
  clipByGlobalNorm,
  convolutionInit,
  crossEntropy,
  flattenExamples,
  gpt,
  lenet,
  linear,
  linearInit,
  loraInit,
  mlp,
  mse,
  type Optimizer,
  sgd,
  softmaxRegression,
} from "../src/index.ts";

// Training natively against training portably: gradients, and twenty steps of every optimiser.

let native: Engine;
let portable: Engine;
beforeAll(async () => {
  native = await nativeEngine({ strict: true });
  portable = await portableEngine();
});

interface Subject {
  readonly name: string;
  readonly parameters: Tree<Tensor>;
  readonly input: (seed: number) => Tree<Tensor>;
  readonly loss: (parameters: ArrayTree, input: ArrayTree) => NDArray;
}

/** Of a central difference, as a length in the space of one tensor. */
const STEP = 1e-3;
const SIZE = { layers: 2, width: 8, heads: 2, context: 5, vocabulary: 7 };

const SUBJECTS: readonly Subject[] = [
  classifier("softmax regression", softmaxRegression([6], 3), [4, 6]),
  classifier("mlp", mlp([6], [5, 4], 3), [4, 6]),
  classifier("lenet", lenet([16, 16, 1], 3), [2, 16, 16, 1]),
  convolutional(),
  autoencoder(),
  transformer(),
  adapters(),
];

const OPTIMIZERS: readonly (readonly [name: string, optimizer: Optimizer, clip: number | undefined])[] = [
  ["sgd", sgd(), undefined],
  ["sgd with momentum, clipped", sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.01 }), 0.5],
  ["adam", adam(), undefined],
  ["adamw", adamw(), undefined],
];

describe.each(SUBJECTS)("$name", (subject) => {
  it("has the gradients of the portable back end", async () => {
    const definition = gradientOf(subject);
    const inputs = { parameters: subject.parameters, input: subject.input(1) };
    const [a, b] = [await native.compile(definition), await portable.compile(definition)];
    const actual = new Map(flatten(branch(await a.run(inputs), "gradient")));
    const expected = flatten(branch(await b.run(inputs), "gradient"));
    const largest = Math.max(...expected.map(([, g]) => peak(g)));
    for (const [path, g] of expected) {
      const error = difference(g, actual.get(path)) / Math.max(peak(g), 1e-3 * largest);
      expect(error, path).toBeLessThanOrEqual(1e-5);
    }
  });

  it("has gradients that central differences of its own loss confirm, tensor by tensor", async () => {
    const program = await native.compile(gradientOf(subject));
    const input = subject.input(1);
    const gradient = branch(await program.run({ parameters: subject.parameters, input }), "gradient");
    const lengths = flatten(gradient).map(([, g]) => Math.sqrt(inner(g, g)));
    const longest = Math.max(...lengths);
    for (const [path, g] of flatten(gradient)) {
      const length = Math.sqrt(inner(g, g));
      // Such as the bias of the keys in attention, whose true gradient is zero: there is no direction to measure along.
      if (length < 1e-3 * longest) continue;
      // Along the gradient itself the slope is its length, and only there: a gradient of another direction would show.
      const loss = async (step: number) => {
        const parameters = mapTree(subject.parameters, (p, at) => (at === path ? moved(p, g, step / length) : p));
        return number((await program.run({ parameters, input })).loss);
      };
      // Of fourth order, so that the step may be wide enough for float32.
      const [near, far] = [(await loss(STEP)) - (await loss(-STEP)), (await loss(2 * STEP)) - (await loss(-2 * STEP))];
      const measured = (8 * near - far) / (12 * STEP);
      expect(Math.abs(measured - length), path).toBeLessThanOrEqual(0.01 * Math.max(length, 0.03 * longest));
    }
  });

  it.each(OPTIMIZERS)("takes twenty steps of %s as the portable back end does", async (name, optimizer, clip) => {
    const definition = stepOf(subject, optimizer, clip);
    const inputs = Array.from({ length: 20 }, (_, i) => subject.input(i));
    const carry = { parameters: subject.parameters, optimizer: optimizer.init(mapTree(subject.parameters, specOf)) };
    const [a, b] = [await native.compileStep(definition), await portable.compileStep(definition)];
    const [actual, expected] = [await a.run(carry, inputs), await b.run(carry, inputs)];
    for (const [i, { loss }] of expected.outputs.entries()) {
      const [want = 0, got = 0] = [number(loss), number(actual.outputs[i]?.loss)];
      expect(Math.abs(got - want) / Math.abs(want)).toBeLessThanOrEqual(1e-4);
    }
    // Adam turns rounding into whole steps where the true gradient is zero.
    if (!name.startsWith("sgd")) return;
    const after = new Map(flatten(branch(actual.carry, "parameters")));
    for (const [path, p] of flatten(branch(expected.carry, "parameters"))) {
      expect(difference(p, after.get(path)), path).toBeLessThanOrEqual(1e-4 * Math.max(1, peak(p)));
    }
  });
});

it("repeats itself to the bit", async () => {
  const [subject] = SUBJECTS.slice(1);
  if (subject === undefined) throw new Error("no subject");
  const optimizer = adam();
  const inputs = Array.from({ length: 30 }, (_, i) => subject.input(i));
  const carry = { parameters: subject.parameters, optimizer: optimizer.init(mapTree(subject.parameters, specOf)) };
  const once = async () => (await native.compileStep(stepOf(subject, optimizer))).run(carry, inputs);
  expect(await once()).toEqual(await once());
});

function classifier(name: string, model: ReturnType<typeof mlp>, shape: readonly number[]): Subject {
  const [batch = 0] = shape;
  return {
    name,
    parameters: model.init(key(1)),
    input: (seed) => ({ x: normal(shape, key(seed)), y: labels([batch], 3, seed) }),
    loss: (p, input) => mean(crossEntropy(model.apply(p, arrayAt(input, "x")), arrayAt(input, "y"))),
  };
}

/** Three convolutions with ReLU and pooling on 8 × 8 images, then one linear layer; two images a batch. */
function convolutional(): Subject {
  const channels = [3, 4, 6, 8];
  const layers = channels.slice(1).map((outputs, i) => ({ inputs: channels[i] ?? 0, outputs, side: 3 }));
  return {
    name: "cnn",
    parameters: {
      ...Object.fromEntries(layers.map((layer, i) => [`conv${i}`, convolutionInit(split(key(1), i), layer)])),
      head: linearInit(split(key(1), "head"), 8, 3),
    },
    input: (seed) => ({ x: normal([2, 3, 8, 8], key(seed)), y: labels([2], 3, seed) }),
    loss(p, input) {
      const top = layers.reduce(
        (h, { outputs }, i) => {
          const layer = branchAt(p, `conv${i}`);
          const bias = arrayAt(layer, "bias").reshape([outputs, 1, 1]);
          return maxPool2d(relu(conv2d(h, arrayAt(layer, "weight"), "same").add(bias)), 2);
        },
        arrayAt(input, "x"),
      );
      return mean(crossEntropy(linear(branchAt(p, "head"), flattenExamples(top)), arrayAt(input, "y")));
    },
  };
}

function autoencoder(): Subject {
  const model = mlp([9], [6, 4, 6], 9);
  return {
    name: "autoencoder",
    parameters: model.init(key(1)),
    input: (seed) => ({ x: normal([4, 9], key(seed)) }),
    loss: (p, input) => mean(mse(model.apply(p, arrayAt(input, "x")), arrayAt(input, "x"))),
  };
}

function text(seed: number): Tree<Tensor> {
  return { tokens: labels([2, 5], 7, seed), next: labels([10], 7, seed + 100) };
}

function transformer(): Subject {
  const model = gpt(SIZE);
  return {
    name: "transformer",
    parameters: model.init(key(1)),
    input: text,
    loss: (p, input) => mean(crossEntropy(model.apply(p, arrayAt(input, "tokens")), arrayAt(input, "next"))),
  };
}

/** Only the adapters are trained; the base model is part of the input. */
function adapters(): Subject {
  const model = gpt(SIZE);
  const base = model.init(key(1));
  const layers = ["block0.query", "block0.value", "block1.query", "block1.value"];
  const start = loraInit(key(2), layers, SIZE.width, 2);
  return {
    name: "adapters of a transformer",
    parameters: mapTree(start, (p, path) => (path.endsWith("up") ? normal(p.shape, split(key(4), path)) : p)),
    input: (seed) => ({ ...text(seed), base }),
    loss: (p, input) => {
      const logits = model.apply(branchAt(input, "base"), arrayAt(input, "tokens"), { parameters: p, scale: 0.5 });
      return mean(crossEntropy(logits, arrayAt(input, "next")));
    },
  };
}

function gradientOf({ name, parameters, input, loss }: Subject) {
  return {
    name: `${name}: gradient`,
    inputs: { parameters: mapTree(parameters, specOf), input: mapTree(input(1), specOf) } as Tree<TensorSpec>,
    apply(given: ArrayTree) {
      const objective = valueAndGrad((p) => ({ loss: loss(p, branchAt(given, "input")), aux: {} }));
      const { loss: value, gradient } = objective(branchAt(given, "parameters"));
      return { loss: value, gradient };
    },
  };
}

function stepOf({ name, parameters, input, loss }: Subject, optimizer: Optimizer, clip?: number): StepDefinition {
  const specs = mapTree(parameters, specOf);
  return {
    name: `${name}: step`,
    carry: { parameters: specs, optimizer: optimizer.state(specs) },
    input: mapTree(input(1), specOf),
    apply(carry, given) {
      const before = branchAt(carry, "parameters");
      const { loss: value, gradient } = valueAndGrad((p) => ({ loss: loss(p, given), aux: {} }))(before);
      const clipped = clip === undefined ? gradient : clipByGlobalNorm(gradient, clip);
      const rate = constantRate(value);
      const next = optimizer.update(clipped, branchAt(carry, "optimizer"), before, rate);
      return { carry: { parameters: next.parameters, optimizer: next.state }, output: { loss: value } };
    },
  };
}

/** 0.01 as an array of the program. */
function constantRate(like: NDArray): NDArray {
  return like.mul(0).add(0.01);
}

function branch(tree: Tree<Tensor>, name: string): Tree<Tensor> {
  return tree[name] as Tree<Tensor>;
}

function normal(shape: readonly number[], from: ReturnType<typeof key>): Tensor {
  const random = rng(from);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );
}

function labels(shape: readonly number[], classes: number, seed: number): Tensor {
  const random = rng(key(seed));
  return int32(
    shape,
    Int32Array.from({ length: sizeOf(shape) }, () => Math.floor(random.uniform() * classes)),
  );
}

function moved(p: Tensor, direction: Tensor, step: number): Tensor {
  return float32(
    p.shape,
    Float32Array.from(p.data, (value, i) => value + step * (direction.data[i] ?? 0)),
  );
}

function inner(a: Tensor, b: Tensor): number {
  return [...a.data].reduce((sum, value, i) => sum + value * (b.data[i] ?? 0), 0);
}

function peak({ data }: Tensor): number {
  return Math.max(...[...data].map(Math.abs));
}

function difference(a: Tensor, b: Tensor | undefined): number {
  return Math.max(...[...a.data].map((value, i) => Math.abs(value - (b?.data[i] ?? Number.NaN))));
}

function number(leaf: Tensor | Tree<Tensor> | undefined): number {
  return ((leaf as Tensor | undefined)?.data as Float32Array | undefined)?.[0] ?? Number.NaN;
}
