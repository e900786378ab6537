import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten } from "@concord/engine";
import { nativeEngine } from "@concord/engine/node";
import { buildTask } from "@concord/learning";
import { beforeAll, describe, expect, it } from "vitest";
import type { Line, Theta } from "../test/lines.ts";
import { finished, lineParties, lineSpec, minus, mixture, optimum, slopeOf, startOf, thetaOf } from "../test/lines.ts";
import { TINY_MLP, tinyParties, tinySpec } from "../test/tiny-federation.ts";
import { federationKeys } from "./keys.ts";
import type { PrivateTree } from "./private-tree.ts";
import { openPrivate } from "./private-tree.ts";
import { algorithmOf } from "./registry.ts";
import type { Checkpoint } from "./simulator.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await nativeEngine({ strict: true });
});

// Batches of four: the points of the first two stand twice in every batch.
const LINES: readonly Line[] = [
  { x: [1, 2], y: [3, 3] },
  { x: [-1, 0.5], y: [2, -2] },
  { x: [0, 1, -2, 1.5], y: [1, 0, 4, -1] },
];
const SIZES = LINES.map(({ x }) => x.length);
const SHARES = SIZES.map((size) => size / SIZES.reduce((a, b) => a + b));
const FULL_BATCH = { task: { batchSize: 4 } };

const opened = (own: PrivateTree | undefined) => own && openPrivate(own);
const controlOf = (state: Tree<Tensor> | undefined): Theta =>
  state?.control === undefined ? [0, 0] : thetaOf(state.control as Tree<Tensor>);
const expectTheta = (actual: Theta, expected: Theta, digits: number) => {
  expect(actual[0]).toBeCloseTo(expected[0], digits);
  expect(actual[1]).toBeCloseTo(expected[1], digits);
};

describe("SCAFFOLD", () => {
  it("is the paper's algorithm with option II: four rounds with two of three parties, on paper", async () => {
    const [K, eta, rounds] = [3, 0.05, 4];
    const spec = lineSpec(
      LINES,
      { kind: "scaffold", localSteps: K, activeParties: 2 },
      { rounds, task: { batchSize: 4, learningRate: eta } },
    );
    const end = await finished(engine, spec, lineParties(LINES));

    let [x, c] = [startOf(spec), [0, 0] as Theta];
    const own: Theta[] = LINES.map(() => [0, 0]);
    const seen = new Set<string>();
    for (const { members } of end.history) {
      const drawn = members.map((id) => "abc".indexOf(id));
      seen.add(members.join());
      const total = drawn.reduce((sum, i) => sum + (SIZES[i] ?? 0), 0);
      const results = drawn.map((i) => {
        const ci = own[i] as Theta;
        let y = x;
        for (let k = 0; k < K; k++) {
          y = minus(
            y,
            mixture([
              [1, slopeOf(LINES[i] as Line, y)],
              [-1, ci],
              [1, c],
            ]),
            eta,
          );
        }
        const next = mixture([
          [1, ci],
          [-1, c],
          [1 / (K * eta), x],
          [-1 / (K * eta), y],
        ]);
        own[i] = next;
        return { weight: (SIZES[i] ?? 0) / total, y, change: minus(next, ci) };
      });
      c = mixture([[1, c], ...results.map(({ weight, change }) => [(weight * total) / 8, change] as const)]);
      x = mixture(results.map(({ weight, y }) => [weight, y] as const));
    }
    expect(seen.size).toBeGreaterThan(1);
    expectTheta(thetaOf(end.state.model), x, 5);
    expectTheta(controlOf(end.state), c, 4);
    for (const [i, id] of ["a", "b", "c"].entries())
      expectTheta(controlOf(opened(end.privateStates.get(id))), own[i] as Theta, 4);
  });

  it.each([
    ["plain SGD", { kind: "sgd" }, 0.1],
    ["momentum", { kind: "sgd", momentum: 0.9 }, 0.01],
    ["Nesterov momentum", { kind: "sgd", momentum: 0.9, nesterov: true }, 0.01],
  ] as const)("finds the optimum of the whole, which FedAvg misses: %s", async (_, optimizer, learningRate) => {
    const best = optimum(LINES, SHARES);
    const run = async (kind: string, activeParties: number, rounds: number) => {
      const task = { batchSize: 4, optimizer, learningRate };
      const spec = lineSpec(LINES, { kind, localSteps: 6, activeParties }, { rounds, task });
      return await finished(engine, spec, lineParties(LINES));
    };
    expectTheta(thetaOf((await run("scaffold", 3, 40)).state.model), best, 3);
    expect(Math.hypot(...minus(thetaOf((await run("fedavg", 3, 40)).state.model), best))).toBeGreaterThan(0.05);
    // Also where not everybody takes part in every round.
    const partial = await run("scaffold", 2, 60);
    expectTheta(thetaOf(partial.state.model), best, 4);
    // Each c_i has become the party's gradient at the optimum, and c their mean, 0.
    for (const [i, id] of ["a", "b", "c"].entries()) {
      expectTheta(controlOf(opened(partial.privateStates.get(id))), slopeOf(LINES[i] as Line, best), 2);
    }
    expectTheta(controlOf(partial.state), [0, 0], 2);
  });

  it("keeps c the mean of all c_i by size, whoever is drawn", async () => {
    const spec = tinySpec({
      task: { ...TINY_MLP, optimizer: { kind: "sgd", momentum: 0.9 }, clipNorm: 1 },
      algorithm: { kind: "scaffold", localSteps: 4, activeParties: 2 },
      rounds: 7,
    });
    const sizes = [20, 5, 11, 30];
    const { state, privateStates } = await finished(engine, spec, tinyParties(sizes));
    const own = sizes.map(
      (_, i) => opened(privateStates.get("abcd"[i] as string))?.control as Tree<Tensor> | undefined,
    );
    expect(own.filter((control) => control !== undefined).length).toBeGreaterThan(2);
    for (const [path, { data }] of flatten(state.control as Tree<Tensor>)) {
      for (const [k, c] of [...data].entries()) {
        const mean = sizes.reduce((sum, size, i) => {
          const ci = own[i] === undefined ? 0 : (new Map(flatten(own[i])).get(path)?.data[k] ?? Number.NaN);
          return sum + (size / 66) * ci;
        }, 0);
        expect(c).toBeCloseTo(mean, 5);
      }
    }
  });

  it("starts with a round of federated averaging", async () => {
    const run = async (kind: string) => {
      const spec = lineSpec(LINES, { kind, localSteps: 4 }, { rounds: 1, ...FULL_BATCH });
      return flatten((await finished(engine, spec, lineParties(LINES))).state.model);
    };
    expect(await run("scaffold")).toEqual(await run("fedavg"));
  });

  it("keeps c_i through the rounds in which a party is not drawn", async () => {
    const spec = lineSpec(LINES, { kind: "scaffold", localSteps: 2, activeParties: 1 }, { rounds: 6, ...FULL_BATCH });
    const { history, privateStates } = await finished(engine, spec, lineParties(LINES));
    const early = history.slice(0, -1).map(({ members }) => members[0] as string);
    const rested = early.filter((id) => id !== history.at(-1)?.members[0]);
    expect(rested.length).toBeGreaterThan(0);
    for (const id of rested) expect(Math.hypot(...controlOf(opened(privateStates.get(id))))).toBeGreaterThan(0);
  });

  it("learns nothing of gradients at a learning rate of 0", async () => {
    const schedule = { kind: "linear" as const, rounds: 1 };
    const spec = (rounds: number) =>
      lineSpec(LINES, { kind: "scaffold", localSteps: 2 }, { rounds, task: { batchSize: 4, schedule } });
    const [one, two] = [
      await finished(engine, spec(1), lineParties(LINES)),
      await finished(engine, spec(3), lineParties(LINES)),
    ];
    const own = ({ privateStates }: Checkpoint) =>
      [...privateStates].map(([id, state]) => [id, flatten(openPrivate(state))]);
    expect(own(two)).toEqual(own(one));
  });

  it("refuses an update without its second vector, or with one that is not finite", () => {
    const algorithm = algorithmOf({ kind: "scaffold", localSteps: 2 });
    const spec = lineSpec(LINES, { kind: "scaffold", localSteps: 2 });
    const state = algorithm.init({ task: buildTask(spec.task), key: federationKeys(1).init });
    algorithm.checkUpdate(state, state);
    expect(() => algorithm.checkUpdate(state, { model: state.model })).toThrow('"control.fc1.bias" is missing');
    const control = state.control as { fc1: Record<string, Tensor> };
    const bias = { ...(control.fc1.bias as Tensor), data: Float32Array.of(Number.NaN) } as Tensor;
    const wrong = { ...state, control: { fc1: { ...control.fc1, bias } } };
    expect(() => algorithm.checkUpdate(state, wrong)).toThrow('"control.fc1.bias" holds NaN');
  });
});
