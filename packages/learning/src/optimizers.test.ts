import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten, float32, mapTree, portableEngine, scalar, specOf, square, sum, valueAndGrad } from "@concord/engine";
import { beforeAll, describe, expect, it } from "vitest";
import { adam } from "./adam.ts";
import { adamw } from "./adamw.ts";
import type { Optimizer } from "./optimizer.ts";
import { arrayAt, branchAt } from "./paths.ts";
import { sgd } from "./sgd.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

// The objective is ½ Σ a (p − c)², whose gradient is a (p − c).
const START = [3, -2, 0.5];
const CURVATURE = [1, 4, 0.25];
const CENTRE = [1, 1, -1];
const RATES = [0.1, 0.1, 0.05, 0.05, 0.2];

interface Slot {
  m: number;
  v: number;
  t: number;
}
type Rule = (p: number, g: number, slot: Slot, rate: number) => number;

const adamRule =
  (beta1: number, beta2: number, epsilon: number): Rule =>
  (p, g, slot, rate) => {
    slot.t += 1;
    slot.m = beta1 * slot.m + (1 - beta1) * g;
    slot.v = beta2 * slot.v + (1 - beta2) * g * g;
    const m = slot.m / (1 - beta1 ** slot.t);
    const v = slot.v / (1 - beta2 ** slot.t);
    return p - (rate * m) / (Math.sqrt(v) + epsilon);
  };

const CASES: readonly { name: string; optimizer: Optimizer; rule: Rule }[] = [
  { name: "sgd", optimizer: sgd(), rule: (p, g, _, rate) => p - rate * g },
  {
    name: "sgd with weight decay",
    optimizer: sgd({ weightDecay: 0.1 }),
    rule: (p, g, _, rate) => p - rate * (g + 0.1 * p),
  },
  {
    name: "sgd with momentum",
    optimizer: sgd({ momentum: 0.9 }),
    rule: (p, g, slot, rate) => {
      slot.m = 0.9 * slot.m + g;
      return p - rate * slot.m;
    },
  },
  {
    name: "sgd with Nesterov momentum and weight decay",
    optimizer: sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
    rule: (p, gradient, slot, rate) => {
      const g = gradient + 0.01 * p;
      slot.m = 0.9 * slot.m + g;
      return p - rate * (g + 0.9 * slot.m);
    },
  },
  { name: "adam", optimizer: adam(), rule: adamRule(0.9, 0.999, 1e-8) },
  {
    name: "adam with its options",
    optimizer: adam({ beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.1 }),
    rule: (p, g, slot, rate) => adamRule(0.8, 0.95, 1e-3)(p, g + 0.1 * p, slot, rate),
  },
  {
    name: "adamw",
    optimizer: adamw(),
    rule: (p, g, slot, rate) => adamRule(0.9, 0.999, 1e-8)(p, g, slot, rate) - rate * 0.01 * p,
  },
  {
    name: "adamw without decay",
    optimizer: adamw({ weightDecay: 0 }),
    rule: adamRule(0.9, 0.999, 1e-8),
  },
];

describe("an optimiser", () => {
  it.each(CASES)("$name takes five steps as float64 arithmetic does", async ({ optimizer, rule }) => {
    const { parameters } = await minimise(optimizer, { p: float32([3], START) }, RATES);

    const slots = START.map((): Slot => ({ m: 0, v: 0, t: 0 }));
    let expected = START;
    for (const rate of RATES) {
      expected = expected.map((p, i) => {
        const g = (CURVATURE[i] ?? 0) * (p - (CENTRE[i] ?? 0));
        return rule(p, g, slots[i] as Slot, rate);
      });
    }
    for (const [i, value] of expected.entries()) expect(values(parameters, "p")[i]).toBeCloseTo(value, 5);
  });

  it("keeps its state in trees like the parameters, and nothing where it needs nothing", () => {
    const specs = { fc1: { weight: { dtype: "float32", shape: [2, 3] } } } as const;
    expect(flatten(sgd().init(specs))).toEqual([]);
    expect(paths(sgd({ momentum: 0.9 }).init(specs))).toEqual(["momentum.fc1.weight"]);
    const state = adam().init(specs);
    expect(paths(state)).toEqual(["first.fc1.weight", "firstWeight", "second.fc1.weight", "secondWeight"]);
    expect(mapTree(state, specOf)).toEqual(mapTree(adam().state(specs), (spec) => spec));
  });

  it("refuses Nesterov without momentum", () => {
    expect(() => sgd({ nesterov: true })).toThrow("Nesterov needs a momentum > 0");
  });

  it("corrects the bias of Adam without loss of digits: the first step is the learning rate", async () => {
    const { parameters } = await minimise(adam(), { p: float32([3], START) }, [0.25]);
    for (const [i, start] of START.entries()) {
      expect(values(parameters, "p")[i]).toBeCloseTo(start - 0.25 * Math.sign(start - (CENTRE[i] ?? 0)), 6);
    }
  });
});

/** One step for each rate, on ½ Σ a (p − c)². */
async function minimise(optimizer: Optimizer, parameters: Tree<Tensor>, rates: readonly number[]) {
  const specs = mapTree(parameters, specOf);
  const step = await engine.compileStep({
    name: "quadratic",
    carry: { parameters: specs, optimizer: optimizer.state(specs) },
    input: { a: specOf(float32([3], CURVATURE)), c: specOf(float32([3], CENTRE)), rate: specOf(scalar(0)) },
    apply(carry, input) {
      const before = branchAt(carry, "parameters");
      const { loss, gradient } = valueAndGrad((p) => ({
        loss: sum(square(arrayAt(p, "p").sub(arrayAt(input, "c"))).mul(arrayAt(input, "a"))).mul(0.5),
        aux: {},
      }))(before);
      const next = optimizer.update(gradient, branchAt(carry, "optimizer"), before, arrayAt(input, "rate"));
      return { carry: { parameters: next.parameters, optimizer: next.state }, output: { loss } };
    },
  });
  const { carry } = await step.run(
    { parameters, optimizer: optimizer.init(specs) },
    rates.map((rate) => ({ a: float32([3], CURVATURE), c: float32([3], CENTRE), rate: scalar(rate) })),
  );
  return { parameters: carry.parameters as Tree<Tensor> };
}

function values(tree: Tree<Tensor>, path: string): number[] {
  return Array.from(flatten(tree).find(([p]) => p === path)?.[1].data ?? []);
}

function paths(tree: Tree<Tensor>): string[] {
  return flatten(tree).map(([path]) => path);
}
