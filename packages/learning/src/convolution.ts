import type { ArrayTree, Key, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { conv2d } from "@concord/engine";
import { arrayAt } from "./paths.ts";
import { uniformFanIn } from "./uniform-fan-in.ts";

/** A layer of square kernels. */
export interface ConvolutionSize {
  readonly inputs: number;
  readonly outputs: number;
  /** Side of a kernel in pixels. */
  readonly side: number;
}

/** `weight` [outputs, inputs, side, side] and `bias` [outputs], laid out as in PyTorch. */
export function convolutionSpecs({ inputs, outputs, side }: ConvolutionSize): Tree<TensorSpec> {
  return {
    weight: { dtype: "float32", shape: [outputs, inputs, side, side] },
    bias: { dtype: "float32", shape: [outputs] },
  };
}

/** Fresh weight and bias, uniform over ±1/√(inputs · side²). */
export function convolutionInit(key: Key, size: ConvolutionSize): Tree<Tensor> {
  return uniformFanIn(key, convolutionSpecs(size), size.inputs * size.side ** 2);
}

/** Convolution without padding: [batch, inputs, H, W] to [batch, outputs, H − side + 1, W − side + 1]. */
export function convolution(parameters: ArrayTree, x: NDArray): NDArray {
  const bias = arrayAt(parameters, "bias");
  return conv2d(x, arrayAt(parameters, "weight")).add(bias.reshape([bias.size, 1, 1]));
}
