import type { Engine } from "@concord/engine";
import { flatten, portableEngine } from "@concord/engine";
import { beforeAll, describe, expect, it } from "vitest";
import type { Line, Theta } from "../test/lines.ts";
import { finished, lineParties, lineSpec, minus, mixture, slopeOf, startOf, thetaOf } from "../test/lines.ts";
import { TINY_MLP, TINY_TASK, tinyParties, tinySpec } from "../test/tiny-federation.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

const LINES: readonly Line[] = [
  { x: [1, 2], y: [3, 3] },
  { x: [-1, 0.5], y: [2, -2] },
];

describe("FedProx", () => {
  it("descends on F_i + μ/2 ‖w − w_t‖²: three rounds of five steps as on paper", async () => {
    const mu = 1.5;
    const spec = lineSpec(LINES, { kind: "fedprox", localSteps: 5, mu }, { rounds: 3 });
    const { state } = await finished(engine, spec, lineParties(LINES));

    let w = startOf(spec);
    for (let round = 0; round < 3; round++) {
      const ends = LINES.map((line): readonly [number, Theta] => {
        let own = w;
        for (let step = 0; step < 5; step++) {
          const pull = minus(own, w);
          own = minus(own, mixture([[1, slopeOf(line, own)] as const, [mu, pull] as const]), 0.1);
        }
        return [1 / LINES.length, own];
      });
      w = mixture(ends);
    }
    const [weight, bias] = thetaOf(state.model);
    expect(weight).toBeCloseTo(w[0], 5);
    expect(bias).toBeCloseTo(w[1], 5);
  });

  it("holds a party where loss and pull balance: ∇F(w) + μ (w − w_t) = 0 after many steps", async () => {
    const mu = 0.7;
    const [line] = LINES as readonly [Line];
    const spec = lineSpec([line], { kind: "fedprox", localSteps: 400, mu }, { rounds: 1 });
    const { state } = await finished(engine, spec, lineParties([line]));
    const end = thetaOf(state.model);
    const slope = slopeOf(line, end);
    const pull = minus(end, startOf(spec));
    expect(slope[0] + mu * pull[0]).toBeCloseTo(0, 5);
    expect(slope[1] + mu * pull[1]).toBeCloseTo(0, 5);
    expect(Math.hypot(...slope)).toBeGreaterThan(0.1);
  });

  it.each([
    ["softmax regression", TINY_TASK],
    ["an MLP with momentum, clipped", { ...TINY_MLP, optimizer: { kind: "sgd", momentum: 0.9 }, clipNorm: 1 }],
  ])("with μ = 0 is federated averaging to the bit: %s", async (_, task) => {
    const parties = tinyParties([23, 9, 40]);
    const run = async (algorithm: object) =>
      flatten((await finished(engine, tinySpec({ task, algorithm }), parties)).state.model);
    const averaged = await run({ kind: "fedavg", localSteps: 4, activeParties: 2 });
    expect(await run({ kind: "fedprox", localSteps: 4, activeParties: 2, mu: 0 })).toEqual(averaged);
    expect(await run({ kind: "fedprox", localSteps: 4, activeParties: 2, mu: 0.5 })).not.toEqual(averaged);
  });
});
