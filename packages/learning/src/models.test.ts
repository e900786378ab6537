import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten, float32, key, mapTree, portableEngine, rng, specOf } from "@concord/engine";
import { beforeAll, describe, expect, it } from "vitest";
import { lenet } from "./lenet.ts";
import { mlp } from "./mlp.ts";
import type { Model } from "./model.ts";
import { parameterCount } from "./model.ts";
import { softmaxRegression } from "./softmax-regression.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

describe("parameterCount", () => {
  it.each([
    [softmaxRegression([28, 28, 1], 10), 7_850],
    [mlp([784], [200], 10), 159_010],
    [mlp([28, 28, 1], [200, 200], 10), 199_210],
    [lenet([28, 28, 1], 10), 44_470],
    [lenet([32, 32, 3], 10), 62_050],
  ])("of $0.name is $1", (model, count) => {
    expect(parameterCount(model)).toBe(count);
    expect(parameterCount(model.parameters)).toBe(count);
  });
});

describe.each([softmaxRegression([4], 3), mlp([2, 2], [5, 4], 3), lenet([16, 20, 2], 3)])("$name", (model) => {
  it("starts from parameters that fit its specs and follow the key", () => {
    const parameters = model.init(key(1));
    expect(mapTree(parameters, specOf)).toEqual(mapTree(model.parameters, (spec) => spec));
    expect(model.init(key(1))).toEqual(parameters);
    expect(model.init(key(2))).not.toEqual(parameters);
  });

  it("treats each example by itself", async () => {
    const shape = model.name.startsWith("lenet") ? [16, 20, 2] : [4];
    const size = shape.reduce((a, b) => a * b, 1);
    const random = rng(key("x"));
    const x = Float32Array.from({ length: 3 * size }, () => random.normal());
    const parameters = model.init(key(7));
    const together = await outputs(model, parameters, float32([3, ...shape], x));
    expect(together.shape).toEqual([3, 3]);
    for (let i = 0; i < 3; i++) {
      const alone = await outputs(model, parameters, float32([1, ...shape], x.slice(i * size, (i + 1) * size)));
      for (const [j, value] of alone.data.entries()) expect(together.data[i * 3 + j]).toBeCloseTo(value, 5);
    }
  });
});

describe("the initial parameters", () => {
  it("are uniform over ±1/√fanIn, weights and biases alike", () => {
    const { fc1 } = mlp([100], [2000], 1).init(key(0)) as { fc1: { weight: Tensor; bias: Tensor } };
    for (const { data } of [fc1.weight, fc1.bias]) {
      const values = Array.from(data);
      const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      expect(largest).toBeLessThanOrEqual(Math.fround(0.1));
      expect(largest).toBeGreaterThan(0.099);
      const variance = values.reduce((total, v) => total + v * v, 0) / values.length;
      // The variance of a uniform over ±b is b²/3; with 2,000 draws it is known to about 2%.
      expect(Math.abs(variance / (0.01 / 3) - 1)).toBeLessThan(0.1);
    }
  });

  it("of convolutions count a kernel's inputs, and those of norms are 1 and 0", () => {
    const tree = new Map(flatten(lenet([28, 28, 1], 10).init(key(0))));
    const largest = (path: string) => Math.max(...Array.from(tree.get(path)?.data ?? [], Math.abs));
    expect(largest("conv2.weight")).toBeLessThanOrEqual(1 / Math.sqrt(150));
    expect(largest("conv2.weight")).toBeGreaterThan(0.98 / Math.sqrt(150));
    expect(largest("conv2.bias")).toBeLessThanOrEqual(1 / Math.sqrt(150));
    expect(Array.from(tree.get("norm1.weight")?.data ?? [])).toEqual([1, 1, 1, 1, 1, 1]);
    expect(largest("norm1.bias")).toBe(0);
  });
});

describe("an mlp", () => {
  it("computes W₂ᵀ relu(W₁ᵀ x + b₁) + b₂", async () => {
    const parameters = {
      fc1: { weight: float32([2, 2], [1, -1, 2, 3]), bias: float32([2], [0.5, -9]) },
      fc2: { weight: float32([2, 1], [10, 100]), bias: float32([1], [7]) },
    };
    // W₁ᵀ (1, 2) + b₁ = (5.5, −4).
    expect(await outputs(mlp([2], [2], 1), parameters, float32([1, 2], [1, 2]))).toEqual(float32([1, 1], [62]));
  });
});

describe("lenet", () => {
  it("refuses images that its pooling does not divide", () => {
    expect(() => lenet([30, 28, 1], 10)).toThrow("sides are multiples of 4 from 16 on, got [30, 28, 1]");
    expect(() => lenet([12, 12, 1], 10)).toThrow("got [12, 12, 1]");
    expect(() => lenet([28, 28], 10)).toThrow("got [28, 28]");
  });

  it("does not mind the contrast of an image", async () => {
    // GroupNorm(1) after a convolution without bias undoes a common factor.
    const model = lenet([16, 16, 1], 2);
    const parameters = mapTree(model.init(key(4)), (leaf, path) =>
      path.startsWith("conv") && path.endsWith("bias") ? float32(leaf.shape, new Float32Array(leaf.data.length)) : leaf,
    );
    const random = rng(key("image"));
    const image = Float32Array.from({ length: 256 }, () => 50 * random.normal());
    const one = await outputs(model, parameters, float32([1, 16, 16, 1], image));
    const ten = await outputs(
      model,
      parameters,
      float32(
        [1, 16, 16, 1],
        image.map((v) => 10 * v),
      ),
    );
    for (const [i, value] of one.data.entries()) expect(ten.data[i]).toBeCloseTo(value, 4);
  });
});

async function outputs(model: Model, parameters: Tree<Tensor>, x: Tensor): Promise<Tensor> {
  const program = await engine.compile({
    name: model.name,
    inputs: { parameters: model.parameters, x: specOf(x) },
    apply: ({ parameters: p, x: input }) => ({ outputs: model.apply(p as never, input as never) }),
  });
  return (await program.run({ parameters, x })).outputs as Tensor;
}
