import type { ArrayTree, Engine, StepDefinition, Tensor, TensorSpec, Tree } from "@concord/engine";
import {
  constant,
  flatten,
  float32,
  key,
  mapTree,
  portableEngine,
  rng,
  scalar,
  sizeOf,
  specOf,
  sum,
} from "@concord/engine";
import { nativeEngine } from "@concord/engine/node";
import { exportStep } from "@concord/engine/programs";
import { beforeAll, describe, expect, it } from "vitest";
import { adam, adamw, arrayAt, branchAt, clipByGlobalNorm, type Optimizer, sgd } from "../src/index.ts";

// Small parameters that an optimiser treats alike go through it together: the numbers stay what they are.

const LANES = new Set(["lanes"] as const);
const OPTIMIZERS: readonly (readonly [name: string, optimizer: Optimizer])[] = [
  ["sgd", sgd()],
  ["sgd with momentum", sgd({ momentum: 0.9 })],
  ["sgd with momentum, Nesterov and weight decay", sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.01 })],
  ["adam", adam()],
  ["adamw", adamw()],
];

/** Numbers, vectors, kernels, and one that is too large for company. */
const PARAMETERS: Tree<Tensor> = {
  a: { bias: normal([3], 1), weight: normal([2, 3], 2) },
  b: { bias: normal([], 3), weight: normal([4, 1, 2, 3], 4) },
  c: { bias: normal([1], 5), weight: normal([257, 256], 6) },
};
const SPECS = mapTree(PARAMETERS, specOf);

let joined: Engine;
let apart: Engine;
let portable: Engine;
beforeAll(async () => {
  joined = await nativeEngine({ strict: true });
  apart = await nativeEngine({ strict: true, omitted: LANES });
  portable = await portableEngine();
});

describe.each(OPTIMIZERS)("%s", (_, optimizer) => {
  it("gives every parameter the bits that it gets alone", async () => {
    const step = stepOf(optimizer);
    const [together, alone] = [await afterSteps(joined, step, optimizer), await afterSteps(apart, step, optimizer)];
    expect(flatten(together)).toEqual(flatten(alone));
  });

  it("clips by the norm of all parameters, in company or not", async () => {
    const step = stepOf(optimizer, 0.7);
    const after = new Map(flatten(await afterSteps(joined, step, optimizer)));
    for (const [path, expected] of flatten(await afterSteps(portable, step, optimizer))) {
      const got = after.get(path)?.data ?? [];
      const worst = Array.from(expected.data).reduce(
        (most, x, i) => Math.max(most, Math.abs(x - (got[i] ?? Number.NaN))),
        0,
      );
      expect(worst, path).toBeLessThan(2e-5);
    }
  });
});

it("takes the place of many operators", async () => {
  const step = stepOf(sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.01 }), 0.7);
  const [together, alone] = [await exportStep(step), await exportStep(step, LANES)];
  expect(together.bytes.length).toBeLessThan(0.95 * alone.bytes.length);
});

it("joins nothing where the numbers differ from parameter to parameter", async () => {
  const rates = [0.5, 0.25, 0.125];
  const specs = { 0: spec([2]), 1: spec([3]), 2: spec([4]) };
  const step: StepDefinition = {
    name: "a rate for each",
    carry: { parameters: specs },
    input: { x: spec([]) },
    apply(carry, input) {
      const parameters = branchAt(carry, "parameters");
      const next = Object.fromEntries(
        rates.map((rate, i) => {
          const p = arrayAt(parameters, String(i));
          return [
            i,
            p.add(
              p
                .mul(rate)
                .add(arrayAt(input, "x"))
                .mul(constant(scalar(rate))),
            ),
          ];
        }),
      );
      return { carry: { parameters: next }, output: { first: arrayAt(parameters, "0").mul(0).add(1) } };
    },
  };
  const ones = (n: number) => float32([n], new Float32Array(n).fill(1));
  const program = await joined.compileStep(step);
  const { carry } = await program.run({ parameters: { 0: ones(2), 1: ones(3), 2: ones(4) } }, [{ x: scalar(2) }]);
  // p + (r p + x) r with p = 1 and x = 2.
  const expected = rates.map((rate, i) => [`parameters.${i}`, new Array(i + 2).fill(1 + (rate + 2) * rate)]);
  expect(flatten(carry).map(([path, { data }]) => [path, [...data]])).toEqual(expected);
});

it("keeps a sum of squares that is no square of one tensor", async () => {
  const step: StepDefinition = {
    name: "products",
    carry: { a: spec([2]), b: spec([3]) },
    input: { x: spec([3]) },
    apply(carry, input) {
      const [a, b, x] = [arrayAt(carry, "a"), arrayAt(carry, "b"), arrayAt(input, "x")];
      const total = sum(a.mul(a))
        .add(sum(b.mul(x)))
        .add(sum(b.mul(b)));
      return { carry: { a, b }, output: { total } };
    },
  };
  const program = await joined.compileStep(step);
  const inputs = [{ x: float32([3], Float32Array.of(1, 0, 2)) }];
  const start = { a: float32([2], Float32Array.of(3, 4)), b: float32([3], Float32Array.of(1, 2, 2)) };
  const { outputs } = await program.run(start, inputs);
  expect(outputs).toEqual([{ total: scalar(25 + 5 + 9) }]);
});

/** The gradient is 3 p + x, so that it changes from step to step. */
function stepOf(optimizer: Optimizer, clip?: number): StepDefinition {
  return {
    name: "a step",
    carry: { parameters: SPECS, optimizer: optimizer.state(SPECS) },
    input: { x: spec([]) },
    apply(carry, input) {
      const parameters = branchAt(carry, "parameters");
      const gradient: ArrayTree = mapTree(parameters, (p) => p.mul(3).add(arrayAt(input, "x")));
      const clipped = clip === undefined ? gradient : clipByGlobalNorm(gradient, clip);
      const rate = constant(scalar(0.01));
      const { parameters: next, state } = optimizer.update(clipped, branchAt(carry, "optimizer"), parameters, rate);
      return { carry: { parameters: next, optimizer: state }, output: {} };
    },
  };
}

async function afterSteps(engine: Engine, step: StepDefinition, optimizer: Optimizer): Promise<Tree<Tensor>> {
  const program = await engine.compileStep(step);
  const inputs = [1, -2, 0.5, 3].map((x) => ({ x: scalar(x) }));
  const { carry } = await program.run({ parameters: PARAMETERS, optimizer: optimizer.init(SPECS) }, inputs);
  return carry;
}

function normal(shape: readonly number[], seed: number): Tensor {
  const random = rng(key(seed));
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );
}

function spec(shape: readonly number[]): TensorSpec {
  return { dtype: "float32", shape };
}
