import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten, float32, portableEngine } from "@concord/engine";
import { beforeAll, describe, expect, it } from "vitest";
import { buildTask } from "./task.ts";
import type { TaskSpec } from "./task-spec.ts";

// Two points (1, 3) and (2, 3) and the line w = 1, b = 0: errors −2 and −1, gradient (−4, −3) of norm 5.
const LINE: TaskSpec = {
  model: { kind: "softmax" },
  inputShape: [1],
  outputs: 1,
  loss: "mse",
  optimizer: { kind: "sgd" },
  learningRate: 0.1,
  batchSize: 2,
};
const POINTS = { x: float32([2, 1], [1, 2]), y: float32([2], [3, 3]) };

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

describe("a corrected step", () => {
  it("adds the pull to the anchor and the shift to the gradient", async () => {
    // (−4, −3) + 2 ((1, 0) − (0, 1)) + (0.5, −1) = (−1.5, −6)
    const constants = { anchor: line(0, 1), shift: line(0.5, -1) };
    const step = await stepped({}, { pull: 2, shift: true }, constants);
    expect(step.w).toBeCloseTo(1.15, 6);
    expect(step.b).toBeCloseTo(0.6, 6);
    // The constants go out as they came.
    expect(flatten(step.carry.constants as Tree<Tensor>)).toEqual(flatten(constants));
  });

  it("has only the constants that it needs", async () => {
    const task = buildTask(LINE);
    const paths = (correction: object) =>
      flatten(task.correctedStep(correction).carry)
        .map(([path]) => path)
        .filter((path) => path.startsWith("constants."));
    expect(paths({ pull: 0.1 })).toEqual(["constants.anchor.fc1.bias", "constants.anchor.fc1.weight"]);
    expect(paths({ shift: true })).toEqual(["constants.shift.fc1.bias", "constants.shift.fc1.weight"]);
    expect(paths({})).toEqual([]);
  });

  it("clips the sum, not the gradient of the loss alone", async () => {
    // (−4, −3) + (0, 3) = (−4, 0) is brought to the norm 1.
    const step = await stepped({ clipNorm: 1 }, { shift: true }, { shift: line(0, 3) });
    expect(step.w).toBeCloseTo(1.1, 5);
    expect(step.b).toBeCloseTo(0, 6);
  });

  it("leaves weight decay to the optimiser, after clipping", async () => {
    // As above, and λ w = 0.5 · 1 comes on top of it.
    const optimizer = { kind: "sgd" as const, weightDecay: 0.5 };
    const step = await stepped({ clipNorm: 1, optimizer }, { shift: true }, { shift: line(0, 3) });
    expect(step.w).toBeCloseTo(1 - 0.1 * (-1 + 0.5), 5);
  });

  it("with nothing to add is the plain step to the bit", async () => {
    const plain = await stepped({}, {}, {});
    const still = await stepped({}, { pull: 0, shift: true }, { anchor: line(7, 7), shift: line(0, 0) });
    expect([still.w, still.b]).toEqual([plain.w, plain.b]);
    expect(plain.w).toBeCloseTo(1.4, 6);
  });
});

async function stepped(task: Partial<TaskSpec>, correction: object, constants: Tree<Tensor>) {
  const { correctedStep, batch } = buildTask({ ...LINE, ...task });
  const program = await engine.compileStep(correctedStep(correction));
  const start = { parameters: line(1, 0), optimizer: {}, constants };
  const { carry } = await program.run(start, [batch(POINTS, 0.1)]);
  const values = new Map(flatten(carry).map(([path, leaf]) => [path, leaf.data[0] as number]));
  return {
    w: values.get("parameters.fc1.weight") ?? Number.NaN,
    b: values.get("parameters.fc1.bias") ?? Number.NaN,
    carry,
  };
}

function line(w: number, b: number): Tree<Tensor> {
  return { fc1: { weight: float32([1, 1], [w]), bias: float32([1], [b]) } };
}
