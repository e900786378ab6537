import { flatten } from "@concord/engine";
import type { TaskSpec } from "@concord/learning";
import { buildModel, parameterCount } from "@concord/learning";
import { expect, it } from "vitest";
import { taskShape } from "./task-shape.ts";

const task = (model: TaskSpec["model"], inputShape: readonly number[]): TaskSpec => ({
  model,
  inputShape,
  outputs: 10,
  loss: "cross-entropy",
  optimizer: { kind: "sgd" },
  learningRate: 0.1,
  batchSize: 32,
});

it.each([
  ["softmax regression", task({ kind: "softmax" }, [28, 28, 1])],
  ["an MLP", task({ kind: "mlp", hidden: [200, 50] }, [28, 28, 1])],
  ["LeNet on grey images", task({ kind: "lenet" }, [28, 28, 1])],
  ["LeNet on colour images", task({ kind: "lenet" }, [32, 32, 3])],
])("says what is sent for %s, as the model itself does", (_, spec) => {
  const model = buildModel(spec);
  const { tensors, parameters } = taskShape({ task: spec });
  const expected = flatten(model.parameters).map(([name, { shape }]) => ({ name, shape: [...shape] }));
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect(tensors.map(({ name, shape }) => ({ name, shape: [...shape] })).sort(byName)).toEqual(expected.sort(byName));
  expect(parameters).toBe(parameterCount(model));
});
