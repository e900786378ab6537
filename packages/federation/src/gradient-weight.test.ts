import type { Engine, Tensor } from "@concord/engine";
import { float32, portableEngine } from "@concord/engine";
import type { TaskSpec } from "@concord/learning";
import { branchAt, buildTask } from "@concord/learning";
import { beforeAll, describe, expect, it } from "vitest";
import { gradientWeight } from "./gradient-weight.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

describe("the weight of the gradients of τ steps", () => {
  it("is τ for plain SGD", () => {
    expect(gradientWeight({ kind: "sgd" }, 7)).toBe(7);
    expect(gradientWeight({ kind: "sgd", momentum: 0 }, 250)).toBe(250);
  });

  it("counts with momentum what the velocity carries on: by hand", () => {
    // Steps of 1, 1.5, 1.75; Nesterov's are 1.5, 1.75, 1.875.
    expect(gradientWeight({ kind: "sgd", momentum: 0.5 }, 3)).toBe(4.25);
    expect(gradientWeight({ kind: "sgd", momentum: 0.5, nesterov: true }, 3)).toBe(5.125);
  });

  it.each<TaskSpec["optimizer"]>([
    { kind: "sgd" },
    { kind: "sgd", momentum: 0.9 },
    { kind: "sgd", momentum: 0.9, nesterov: true },
    { kind: "sgd", momentum: 0.3, nesterov: true },
  ])("is how far the optimiser goes on a gradient of 1: %o", async (optimizer) => {
    // The loss of the weight is flat where the input is 0; a shift of 1 is all of its gradient.
    const task = buildTask({
      model: { kind: "softmax" },
      inputShape: [1],
      outputs: 1,
      loss: "mse",
      optimizer,
      learningRate: 1,
      batchSize: 1,
    });
    const line = (w: number) => ({ fc1: { weight: float32([1, 1], [w]), bias: float32([1], [0]) } });
    const step = await engine.compileStep(task.correctedStep({ shift: true }));
    for (const steps of [1, 2, 9]) {
      const start = {
        parameters: line(0),
        optimizer: task.optimizer.init(task.model.parameters),
        constants: { shift: line(1) },
      };
      const batch = task.batch({ x: float32([1, 1], [0]), y: float32([1], [0]) }, 1);
      const { carry } = await step.run(start, Array(steps).fill(batch));
      const { weight } = branchAt(carry as never, "parameters.fc1") as unknown as { weight: Tensor };
      expect(gradientWeight(optimizer, steps)).toBeCloseTo(-(weight.data[0] as number), 4);
    }
  });

  it("is not known of Adam", () => {
    expect(() => gradientWeight({ kind: "adam" }, 3)).toThrow("the steps of adam are not linear in the gradients");
  });
});
