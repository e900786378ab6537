import type { Engine, Tensor, Tree } from "@concord/engine";
import { nativeEngine } from "@concord/engine/node";
import { beforeAll, describe, expect, it } from "vitest";
import type { Line, Theta } from "../test/lines.ts";
import { finished, lineParties, lineSpec, minus, mixture, optimum, slopeOf, startOf, thetaOf } from "../test/lines.ts";
import type { PrivateTree } from "./private-tree.ts";
import { openPrivate } from "./private-tree.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await nativeEngine({ strict: true });
});

const LINES: readonly Line[] = [
  { x: [1, 2], y: [3, 3] },
  { x: [-1, 0.5], y: [2, -2] },
];
const UNEQUAL: readonly Line[] = [...LINES, { x: [0, 1, -2, 1.5], y: [1, 0, 4, -1] }];
const SIZES = UNEQUAL.map(({ x }) => x.length);

const expectTheta = (actual: Theta, expected: Theta, digits: number) => {
  expect(actual[0]).toBeCloseTo(expected[0], digits);
  expect(actual[1]).toBeCloseTo(expected[1], digits);
};
const opened = (own: PrivateTree | undefined) => own && openPrivate(own);
const hOf = (state: Tree<Tensor> | undefined): Theta =>
  state?.h === undefined ? [0, 0] : thetaOf(state.h as Tree<Tensor>);

describe("FedDyn", () => {
  it("is the paper's algorithm: four rounds with two of three parties, on paper", async () => {
    const [T, eta, alpha] = [3, 0.05, 0.4];
    const spec = lineSpec(
      UNEQUAL,
      { kind: "feddyn", localSteps: T, activeParties: 2, alpha },
      { rounds: 4, task: { batchSize: 4, learningRate: eta } },
    );
    const end = await finished(engine, spec, lineParties(UNEQUAL));

    let [w, h] = [startOf(spec), [0, 0] as Theta];
    const own: Theta[] = UNEQUAL.map(() => [0, 0]);
    for (const { members } of end.history) {
      const drawn = members.map((id) => "abc".indexOf(id));
      const total = drawn.reduce((sum, i) => sum + (SIZES[i] ?? 0), 0);
      const ends = drawn.map((i) => {
        let wi = w;
        for (let k = 0; k < T; k++) {
          const slope = mixture([
            [1, slopeOf(UNEQUAL[i] as Line, wi)],
            [-1, own[i] as Theta],
            [alpha, minus(wi, w)],
          ]);
          wi = minus(wi, slope, eta);
        }
        own[i] = minus(own[i] as Theta, minus(wi, w), alpha);
        return [(SIZES[i] ?? 0) / total, wi] as const;
      });
      const mean = mixture(ends);
      h = minus(h, minus(mean, w), (alpha * total) / 8);
      w = minus(mean, h, 1 / alpha);
    }
    expectTheta(thetaOf(end.state.model), w, 5);
    expectTheta(hOf(end.state), h, 5);
    for (const [i, id] of ["a", "b", "c"].entries())
      expectTheta(hOf(opened(end.privateStates.get(id))), own[i] as Theta, 5);
  });

  it.each([
    ["two equal parties", LINES, 2, 40],
    ["three parties of unequal size", UNEQUAL, 3, 40],
    ["two of three of unequal size in a round", UNEQUAL, 2, 80],
  ])("finds the optimum of the whole, which FedAvg misses: %s", async (_, lines, activeParties, rounds) => {
    const best = optimum(
      lines,
      lines.map(({ x }) => x.length / lines.reduce((sum, line) => sum + line.x.length, 0)),
    );
    const task = { batchSize: Math.max(...lines.map(({ x }) => x.length)) };
    const run = async (algorithm: object) => {
      const spec = lineSpec(lines, { localSteps: 5, activeParties, ...algorithm }, { rounds, task });
      return await finished(engine, spec, lineParties(lines));
    };
    const { state, privateStates } = await run({ kind: "feddyn", alpha: 2 });
    expectTheta(thetaOf(state.model), best, 4);
    expect(Math.hypot(...minus(thetaOf((await run({ kind: "fedavg" })).state.model), best))).toBeGreaterThan(0.05);
    // At the fixed point h_i is the party's gradient there, and they add up to h = 0.
    for (const [i, line] of lines.entries()) {
      expectTheta(hOf(opened(privateStates.get("abc"[i] as string))), slopeOf(line, best), 3);
    }
    expectTheta(hOf(state), [0, 0], 3);
  });
});
