import type { Engine, NDArray, Tensor } from "@concord/engine";
import { float32, int32, portableEngine, specOf, sum, valueAndGrad } from "@concord/engine";
import { beforeAll, describe, expect, it } from "vitest";
import { binaryCrossEntropy, crossEntropy, mse } from "./losses.ts";
import { arrayAt } from "./paths.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

describe("crossEntropy", () => {
  it("is −log of the probability of the label, for each example", async () => {
    // exp of the logits: 1, 2, 5 and 1, 1, 2.
    const logits = float32([2, 3], [0, Math.log(2), Math.log(5), 0, 0, Math.log(2)]);
    const { values, gradient } = await run(crossEntropy, logits, int32([2], [1, 2]));
    expectClose(values, [Math.log(8 / 2), Math.log(4 / 2)]);
    expectClose(gradient, [1 / 8, 2 / 8 - 1, 5 / 8, 1 / 4, 1 / 4, 2 / 4 - 1]);
  });

  it("does not overflow, and tells small losses from none", async () => {
    const logits = float32([3, 2], [1000, -1000, -1000, 1000, 12, 0]);
    const { values, gradient } = await run(crossEntropy, logits, int32([3], [0, 0, 0]));
    expect(values[0]).toBe(0);
    expect(values[1]).toBe(2000);
    // log(1 + x) knows x to the rounding of 1 + x.
    expect(Math.abs((values[2] ?? 0) - Math.log1p(Math.exp(-12)))).toBeLessThan(1.2e-7);
    expectClose(gradient.slice(0, 4), [0, 0, -1, 1]);
  });
});

describe("mse", () => {
  it("is the mean over the outputs of each example", async () => {
    const { values, gradient } = await run(mse, float32([2, 2], [1, 2, 3, 4]), float32([2, 2], [0, 4, 3, 3]));
    expectClose(values, [2.5, 0.5]);
    expectClose(gradient, [1, -2, 0, 1]);
  });

  it("takes one value for each example", async () => {
    const { values } = await run(mse, float32([2], [1, 2]), float32([2], [0, 5]));
    expectClose(values, [1, 9]);
  });
});

describe("binaryCrossEntropy", () => {
  it("is −y log σ(x) − (1 − y) log(1 − σ(x)), with the gradient σ(x) − y", async () => {
    const logits = [-2, 0, 0, 0.5, 3];
    const targets = [0, 0, 1, 0.25, 1];
    const { values, gradient } = await run(binaryCrossEntropy, float32([5], logits), float32([5], targets));
    const sigma = logits.map((x) => 1 / (1 + Math.exp(-x)));
    expectClose(
      values,
      sigma.map((s, i) => -(targets[i] ?? 0) * Math.log(s) - (1 - (targets[i] ?? 0)) * Math.log(1 - s)),
    );
    expectClose(
      gradient,
      sigma.map((s, i) => s - (targets[i] ?? 0)),
    );
  });

  it("does not overflow", async () => {
    const { values, gradient } = await run(binaryCrossEntropy, float32([2], [500, -500]), float32([2], [0, 1]));
    expectClose(values, [500, 500]);
    expectClose(gradient, [1, -1]);
  });
});

/** The loss of each example, and the gradient of their sum. */
async function run(loss: (outputs: NDArray, y: NDArray) => NDArray, outputs: Tensor, y: Tensor) {
  const program = await engine.compile({
    name: "loss",
    inputs: { outputs: specOf(outputs), y: specOf(y) },
    apply(inputs) {
      const f = (p: typeof inputs) => {
        const values = loss(arrayAt(p, "outputs"), arrayAt(inputs, "y"));
        return { loss: sum(values), aux: { values } };
      };
      const { aux, gradient } = valueAndGrad(f)({ outputs: arrayAt(inputs, "outputs") });
      return { values: arrayAt(aux, "values"), gradient: arrayAt(gradient, "outputs") };
    },
  });
  const { values, gradient } = await program.run({ outputs, y });
  return { values: Array.from((values as Tensor).data), gradient: Array.from((gradient as Tensor).data) };
}

/** To 5e-5: the logarithm of jax-js on WebAssembly is off by up to 1.3e-5. */
function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 4);
}
