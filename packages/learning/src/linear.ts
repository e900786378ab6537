import type { ArrayTree, Key, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { matmul } from "@concord/engine";
import { arrayAt } from "./paths.ts";
import { uniformFanIn } from "./uniform-fan-in.ts";

/** `weight` [inputs, outputs] (the transpose of PyTorch's) and `bias` [outputs]. */
export function linearSpecs(inputs: number, outputs: number): Tree<TensorSpec> {
  return {
    weight: { dtype: "float32", shape: [inputs, outputs] },
    bias: { dtype: "float32", shape: [outputs] },
  };
}

/** Fresh weight and bias, uniform over ±1/√inputs. */
export function linearInit(key: Key, inputs: number, outputs: number): Tree<Tensor> {
  return uniformFanIn(key, linearSpecs(inputs, outputs), inputs);
}

/** x W + b: [batch, inputs] to [batch, outputs]. */
export function linear(parameters: ArrayTree, x: NDArray): NDArray {
  return matmul(x, arrayAt(parameters, "weight")).add(arrayAt(parameters, "bias"));
}

/** [batch, ...shape] to [batch, size], in row-major order. */
export function flattenExamples(x: NDArray): NDArray {
  const [batch = 1, ...shape] = x.shape;
  return x.reshape([batch, shape.reduce((size, axis) => size * axis, 1)]);
}
