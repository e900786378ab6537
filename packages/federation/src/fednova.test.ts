import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten, float32, portableEngine } from "@concord/engine";
import { beforeAll, describe, expect, it } from "vitest";
import { finished } from "../test/lines.ts";
import { TINY_MLP, TINY_TASK, tinyParties, tinySpec } from "../test/tiny-federation.ts";
import { normalisedAverage } from "./fednova.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

const point = (value: number): Tree<Tensor> => ({ w: float32([1], [value]) });
const at = (tree: Tree<Tensor>) => (tree.w as Tensor).data[0] as number;

describe("the normalised average", () => {
  it("of unequal steps: by hand", () => {
    // p = (1/4, 3/4), ‖a‖ = (2, 8): τ = 6.5. Per step the parties went 3 and 0.5 down from 10: 10 − 6.5 (0.75 + 0.375).
    const ends = [
      { weight: 10, work: 2, model: point(4) },
      { weight: 30, work: 8, model: point(6) },
    ];
    expect(at(normalisedAverage(point(10), ends))).toBeCloseTo(2.6875, 6);
  });

  it("finds the optimum of the whole where plain averaging finds that of the busy", () => {
    // f_i = (w − m_i)² / 2 at 0 and 1, gradient steps of η = 0.001: party b makes five times as many.
    const walk = (w: number, goal: number, steps: number) => goal + (w - goal) * 0.999 ** steps;
    let [nova, plain] = [0.9, 0.9];
    for (let round = 0; round < 4000; round++) {
      const ends = [
        { weight: 1, work: 2, model: point(walk(nova, 0, 2)) },
        { weight: 1, work: 10, model: point(walk(nova, 1, 10)) },
      ];
      nova = at(normalisedAverage(point(nova), ends));
      plain = (walk(plain, 0, 2) + walk(plain, 1, 10)) / 2;
    }
    expect(nova).toBeCloseTo(0.5, 2);
    expect(plain).toBeCloseTo(10 / 12, 2);
  });

  it("of equal work is the weighted mean", () => {
    const ends = [1, 2, 4].map((weight) => ({ weight, work: 3.7, model: point(weight) }));
    expect(at(normalisedAverage(point(100), ends))).toBeCloseTo(21 / 7, 6);
  });
});

describe("FedNova in rounds of equal steps", () => {
  it.each([
    ["plain SGD", TINY_TASK],
    ["an MLP with Nesterov momentum", { ...TINY_MLP, optimizer: { kind: "sgd", momentum: 0.9, nesterov: true } }],
  ])("is federated averaging to rounding: %s", async (_, task) => {
    const parties = tinyParties([23, 9, 40]);
    const run = async (kind: string) => {
      const spec = tinySpec({ task, algorithm: { kind, localSteps: 5, activeParties: 2 } });
      return new Map(flatten((await finished(engine, spec, parties)).state.model));
    };
    const [nova, averaged] = [await run("fednova"), await run("fedavg")];
    expect([...nova.keys()]).toEqual([...averaged.keys()]);
    for (const [path, { data }] of nova) {
      for (const [k, value] of [...data].entries()) {
        expect(value).toBeCloseTo(averaged.get(path)?.data[k] ?? Number.NaN, 5);
      }
    }
  });
});
