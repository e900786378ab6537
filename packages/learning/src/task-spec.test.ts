import { describe, expect, it } from "vitest";
import { taskSpecSchema } from "./task-spec.ts";

const DIGITS = {
  model: { kind: "mlp", hidden: [200] },
  inputShape: [28, 28, 1],
  outputs: 10,
  loss: "cross-entropy",
  optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
  learningRate: 0.1,
  batchSize: 32,
};

describe("taskSpecSchema", () => {
  it("accepts tasks and gives them back unchanged", () => {
    expect(taskSpecSchema.parse(DIGITS)).toEqual(DIGITS);
    const other = {
      ...DIGITS,
      model: { kind: "lenet" },
      optimizer: { kind: "adamw", beta1: 0.8, weightDecay: 0.1 },
      schedule: { kind: "cosine", rounds: 800, floor: 0.01 },
      clipNorm: 10,
    };
    expect(taskSpecSchema.parse(other)).toEqual(other);
    expect(taskSpecSchema.parse(JSON.parse(JSON.stringify(other)))).toEqual(other);
  });

  it.each([
    ["a field it does not know", { colour: "red" }, /colour/],
    ["a field the optimiser does not know", { optimizer: { kind: "adam", momentum: 0.9 } }, /momentum/],
    ["a model it does not know", { model: { kind: "gpt" } }, /model|softmax/],
    ["Nesterov without momentum", { optimizer: { kind: "sgd", nesterov: true } }, /nesterov needs a momentum above 0/],
    ["cross-entropy over one class", { outputs: 1 }, /cross-entropy needs at least 2 classes, got 1; use "bce"/],
    ["images that lenet cannot pool", { model: { kind: "lenet" }, inputShape: [30, 30, 1] }, /multiples of 4/],
    ["a learning rate of infinity", { learningRate: Number.POSITIVE_INFINITY }, /learningRate/],
    ["a batch of nothing", { batchSize: 0 }, /batchSize/],
    ["half an output", { outputs: 2.5 }, /outputs/],
    [
      "a model of 10 GB",
      { model: { kind: "mlp", hidden: [50_000, 50_000] } },
      /would have 2539800010 parameters, at most 25000000 are allowed/,
    ],
    ["an input of 10 GB", { model: { kind: "softmax" }, inputShape: [65_536, 65_536] }, /at most 25000000/],
    [
      "a batch of 10 GB",
      { model: { kind: "mlp", hidden: [20_000] }, batchSize: 65_536 },
      /a batch would take 1362755584 values, at most 67108864 are allowed/,
    ],
    [
      "images that make a large batch",
      { model: { kind: "lenet" }, inputShape: [28, 28, 1], batchSize: 65_536 },
      /a batch would take/,
    ],
  ])("refuses %s", (_, change, message) => {
    const result = taskSpecSchema.safeParse({ ...DIGITS, ...change });
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error?.issues.map(({ path, message: m }) => `${path.join(".")}: ${m}`))).toMatch(
      new RegExp(message.source.replaceAll('"', '\\\\"'), message.flags),
    );
  });
});
