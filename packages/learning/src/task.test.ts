import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten, float32, int32, key, portableEngine, rng, scalar } from "@concord/engine";
import { beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "./data/index.ts";
import { dataset, gather } from "./data/index.ts";
import { evaluate, meanOf } from "./evaluation.ts";
import { buildTask, checkDataset } from "./task.ts";
import type { TaskSpec } from "./task-spec.ts";

const BLOBS: TaskSpec = {
  model: { kind: "mlp", hidden: [8] },
  inputShape: [2],
  outputs: 3,
  loss: "cross-entropy",
  optimizer: { kind: "sgd" },
  learningRate: 0.5,
  batchSize: 6,
};

const REGRESSION: TaskSpec = {
  model: { kind: "softmax" },
  inputShape: [1],
  outputs: 1,
  loss: "mse",
  optimizer: { kind: "sgd" },
  learningRate: 0.1,
  batchSize: 4,
};

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

describe("a training step", () => {
  it.each<TaskSpec["optimizer"]>([
    { kind: "sgd" },
    { kind: "sgd", momentum: 0.5, nesterov: true, weightDecay: 1e-4 },
    { kind: "adam" },
    { kind: "adamw" },
  ])("learns to tell three clouds apart with %o", async (optimizer) => {
    const task = buildTask({ ...BLOBS, optimizer, learningRate: optimizer.kind === "sgd" ? 0.5 : 0.1, clipNorm: 5 });
    const data = clouds(60);
    const step = await engine.compileStep(task.trainingStep);
    const program = await engine.compile(task.evaluation(16));
    const parameters = task.model.init(key(1));
    const state = task.optimizer.init(task.model.parameters);

    const { carry, outputs } = await step.run({ parameters, optimizer: state }, batchesOf(data, 40, task.rateAt(1)));
    const before = await evaluate(program, parameters, data, 16);
    const after = await evaluate(program, carry.parameters as Tree<Tensor>, data, 16);

    expect(outputs).toHaveLength(40);
    expect(meanOf(after, "loss")).toBeLessThan(0.3 * (meanOf(before, "loss") ?? 0));
    expect(meanOf(after, "accuracy")).toBe(1);
    // The carry goes into the next run as it came, also where the optimiser keeps nothing.
    const again = await step.run(carry, batchesOf(data, 1, 0.1));
    expect(flatten(again.carry).map(([path]) => path)).toEqual(flatten(carry).map(([path]) => path));

    function batchesOf(from: Dataset, steps: number, rate: number): Tree<Tensor>[] {
      return Array.from({ length: steps }, (_, s) =>
        task.batch(
          gather(
            from,
            Int32Array.from({ length: 6 }, (_, i) => (s * 6 + i) % from.size),
          ),
          rate,
        ),
      );
    }
  });

  it("does one step of gradient descent on a linear model as on paper", async () => {
    // w = 1, b = 0, examples (x, y) = (1, 3), (2, 3): errors −2 and −1, gradient of the mean square (2/2) Σ e (x, 1).
    const task = buildTask({ ...REGRESSION, learningRate: 0.1, batchSize: 2 });
    const step = await engine.compileStep(task.trainingStep);
    const { carry, outputs } = await step.run({ parameters: line(1, 0), optimizer: {} }, [
      task.batch({ x: float32([2, 1], [1, 2]), y: float32([2], [3, 3]) }, 0.1),
    ]);
    expect(flatten(outputs[0] ?? {})[0]?.[1].data[0]).toBeCloseTo(2.5, 6);
    const values = Object.fromEntries(flatten(carry).map(([path, leaf]) => [path, leaf.data[0]]));
    expect(values["parameters.fc1.weight"]).toBeCloseTo(1.4, 6);
    expect(values["parameters.fc1.bias"]).toBeCloseTo(0.3, 6);
  });

  it("clips the gradient by its norm over all parameters", async () => {
    const task = buildTask({ ...REGRESSION, clipNorm: 1, batchSize: 2 });
    const step = await engine.compileStep(task.trainingStep);
    const { carry } = await step.run({ parameters: line(1, 0), optimizer: {} }, [
      task.batch({ x: float32([2, 1], [1, 2]), y: float32([2], [3, 3]) }, 1),
    ]);
    const values = Object.fromEntries(flatten(carry).map(([path, leaf]) => [path, leaf.data[0]]));
    // The gradient (−4, −3) has norm 5.
    expect(values["parameters.fc1.weight"]).toBeCloseTo(1.8, 5);
    expect(values["parameters.fc1.bias"]).toBeCloseTo(0.6, 5);
  });
});

describe("an evaluation", () => {
  it("does not depend on the batch, which it fills with rows of weight 0", async () => {
    const task = buildTask(BLOBS);
    const parameters = task.model.init(key(3));
    const data = clouds(10);
    const results = [];
    for (const batch of [1, 3, 10, 16]) {
      results.push(await evaluate(await engine.compile(task.evaluation(batch)), parameters, data, batch));
    }
    for (const result of results) {
      expect(result.accuracy).toEqual(results[0]?.accuracy);
      expect(result.loss?.count).toBe(10);
      expect(result.loss?.sum).toBeCloseTo(results[0]?.loss?.sum ?? Number.NaN, 4);
    }
  });

  it("measures a regression by squared and absolute errors", async () => {
    const program = await engine.compile(buildTask(REGRESSION).evaluation(3));
    const data = dataset({
      name: "line",
      inputShape: [1],
      inputs: { kind: "float32", data: Float32Array.of(1, 2, 3, 4) },
      y: float32([4], [1, 4, 3, 1]),
      classes: 0,
      generated: true,
    });
    expect(await evaluate(program, line(1, 0), data, 3)).toEqual({
      loss: { sum: 13, count: 4 },
      squaredError: { sum: 13, count: 4 },
      absoluteError: { sum: 5, count: 4 },
    });
  });

  it("counts a yes where the logit is positive", async () => {
    const program = await engine.compile(buildTask({ ...REGRESSION, loss: "bce" }).evaluation(4));
    const { loss, correct, count } = await program.run({
      parameters: line(1, 0),
      x: float32([4, 1], [2, -2, 0, 5]),
      y: float32([4], [1, 1, 0, 1]),
      weight: float32([4], [1, 1, 1, 0]),
    });
    expect(correct).toEqual(scalar(2));
    expect(count).toEqual(scalar(3));
    const softplus = (z: number) => Math.log1p(Math.exp(z));
    expect((loss as Tensor).data[0]).toBeCloseTo(softplus(-2) + softplus(2) + softplus(0), 5);
  });

  it("takes several targets for each example", async () => {
    const program = await engine.compile(buildTask({ ...REGRESSION, outputs: 2 }).evaluation(1));
    const outputs = await program.run({
      parameters: { fc1: { weight: float32([1, 2], [1, 2]), bias: float32([2], [0, 0]) } },
      x: float32([1, 1], [1]),
      y: float32([1, 2], [2, 5]),
      weight: float32([1], [1]),
    });
    expect(outputs).toMatchObject({ squaredError: scalar(5), absoluteError: scalar(2), loss: scalar(5) });
  });

  it("stops between two batches when it is aborted", async () => {
    const task = buildTask(BLOBS);
    const program = await engine.compile(task.evaluation(2));
    const aborted = AbortSignal.abort(new Error("the party left"));
    await expect(evaluate(program, task.model.init(key(0)), clouds(6), 2, aborted)).rejects.toThrow("the party left");
  });

  it("of nothing has no mean", async () => {
    const task = buildTask(REGRESSION);
    const program = await engine.compile(task.evaluation(2));
    const none = dataset({
      name: "none",
      inputShape: [1],
      inputs: { kind: "float32", data: new Float32Array() },
      y: float32([0], []),
      classes: 0,
      generated: true,
    });
    const result = await evaluate(program, line(1, 0), none, 2);
    expect(meanOf(result, "loss")).toBeUndefined();
  });
});

describe("a task", () => {
  it("follows its schedule from round 1", () => {
    const task = buildTask({ ...BLOBS, learningRate: 0.2, schedule: { kind: "cosine", rounds: 10, floor: 0.1 } });
    expect(task.rateAt(1)).toBeCloseTo(0.2, 12);
    expect(task.rateAt(6)).toBeCloseTo(0.2 * 0.55, 12);
    expect(task.rateAt(11)).toBeCloseTo(0.02, 12);
  });

  it("says why a data set does not fit", () => {
    const task = buildTask(BLOBS);
    checkDataset(task, clouds(9));
    expect(() => checkDataset(buildTask({ ...BLOBS, inputShape: [3] }), clouds(9))).toThrow(
      'data set "clouds" does not fit the task: its inputs are [2], expected [3]',
    );
    expect(() => checkDataset(buildTask({ ...BLOBS, outputs: 2 }), clouds(9))).toThrow(
      "it has 3 classes, the model has 2 outputs",
    );
    expect(() => checkDataset(buildTask({ ...BLOBS, loss: "mse" }), clouds(9))).toThrow(
      "its targets are int32, mse needs float32",
    );
  });
});

function line(slope: number, intercept: number): Tree<Tensor> {
  return { fc1: { weight: float32([1, 1], [slope]), bias: float32([1], [intercept]) } };
}

/** Three clouds in the plane that a line separates. */
function clouds(size: number): Dataset {
  const random = rng(key("clouds"));
  const centres = [
    [0, 2],
    [2, -1],
    [-2, -1],
  ];
  const labels = Array.from({ length: size }, (_, i) => i % 3);
  const points = labels.flatMap((label) => (centres[label] ?? []).map((c) => c + 0.2 * random.normal()));
  return dataset({
    name: "clouds",
    inputShape: [2],
    inputs: { kind: "float32", data: Float32Array.from(points) },
    y: int32([size], labels),
    classes: 3,
    generated: true,
  });
}
