import { float32, int32, key, permutation, rng, split } from "@concord/engine";
import type { FederationSpec, SimulatedParty } from "@concord/federation";
import { federationSpecSchema } from "@concord/federation";
import type { Dataset, TaskSpec } from "@concord/learning";
import { dataset } from "@concord/learning";

/** A federation that a test runs in milliseconds: softmax regression of four inputs to three classes. */
export const TINY_TASK: TaskSpec = {
  model: { kind: "softmax" },
  inputShape: [4],
  outputs: 3,
  loss: "cross-entropy",
  optimizer: { kind: "sgd" },
  learningRate: 0.3,
  batchSize: 5,
};

export const TINY_MLP: TaskSpec = { ...TINY_TASK, model: { kind: "mlp", hidden: [8] }, learningRate: 0.2 };

/** Parameters of softmax regression: 4 · 3 weights and 3 biases, in float32. */
export const TINY_MODEL_BYTES = 60;

export function tinySpec(overrides: Record<string, unknown> = {}): FederationSpec {
  return federationSpecSchema.parse({
    name: "tiny",
    task: TINY_TASK,
    dataset: "three clouds",
    algorithm: { kind: "fedavg", localSteps: 4 },
    rounds: 3,
    seed: 11,
    ...overrides,
  });
}

/** Parties "a", "b", … with so many training examples each, and three held out. */
export function tinyParties(sizes: readonly number[]): SimulatedParty[] {
  return sizes.map((size, i) => {
    const id = String.fromCharCode(97 + i);
    return { id, train: clouds(size, `train ${id}`), heldOut: clouds(3, `held out ${id}`) };
  });
}

/** Points around three corners, labelled by the corner. */
export function clouds(size: number, seed: string): Dataset {
  const r = rng(key(seed));
  const labels = Array.from({ length: size }, () => r.below(3));
  const points = labels.flatMap((label) => [0, 1, 2, 3].map((axis) => (axis === label ? 1.5 : 0) + r.normal()));
  return dataset({
    name: `clouds ${seed}`,
    inputShape: [4],
    inputs: { kind: "float32", data: float32([4 * size], points).data },
    y: int32([size], labels),
    classes: 3,
    generated: true,
  });
}

/** The same items in another order, a function of the seed. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  return Array.from(permutation(rng(split(key("shuffle"), seed)), items.length), (i) => items[i] as T);
}
