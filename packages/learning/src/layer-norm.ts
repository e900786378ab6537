import type { ArrayTree, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { float32, mean, sqrt, square, stopGradient, zeros } from "@concord/engine";
import { withDerivative } from "./custom-derivative.ts";
import { arrayAt } from "./paths.ts";

/** `weight` [width] and `bias` [width]. */
export function layerNormSpecs(width: number): Tree<TensorSpec> {
  return { weight: { dtype: "float32", shape: [width] }, bias: { dtype: "float32", shape: [width] } };
}

/** Weights of one and biases of zero. */
export function layerNormInit(width: number): Tree<Tensor> {
  return { weight: float32([width], new Float32Array(width).fill(1)), bias: zeros("float32", [width]) };
}

/** Layer normalisation over the last axis (Ba, Kiros and Hinton 2016, arXiv:1607.06450), scaled and shifted. */
export function layerNorm(parameters: ArrayTree, x: NDArray, epsilon = 1e-5): NDArray {
  return standardize(x, epsilon).mul(arrayAt(parameters, "weight")).add(arrayAt(parameters, "bias"));
}

/**
 * Mean 0 and variance 1 over the last axis: z = (x − mean) r with r = 1 / √(variance + ε).
 * Its derivative is r (dx − mean(dx) − z mean(z ⊙ dx)).
 */
export function standardize(x: NDArray, epsilon: number): NDArray {
  const last = { axis: x.shape.length - 1, keepdims: true };
  const fixed = stopGradient(x);
  const centred = fixed.sub(mean(fixed, last));
  const deviation = stopGradient(sqrt(mean(square(centred), last).add(epsilon)));
  const z = stopGradient(centred.div(deviation));
  return withDerivative(z, x, (dx) =>
    dx
      .sub(mean(dx, last))
      .sub(z.mul(mean(z.mul(dx), last)))
      .div(deviation),
  );
}
