import type { ArrayTree, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { float32, mean, sqrt, square, zeros } from "@concord/engine";
import { arrayAt } from "./paths.ts";

/** `weight` [channels] and `bias` [channels], which scale and shift each channel. */
export function groupNormSpecs(channels: number): Tree<TensorSpec> {
  return { weight: { dtype: "float32", shape: [channels] }, bias: { dtype: "float32", shape: [channels] } };
}

/** Weights of one and biases of zero. */
export function groupNormInit(channels: number): Tree<Tensor> {
  return {
    weight: float32([channels], new Float32Array(channels).fill(1)),
    bias: zeros("float32", [channels]),
  };
}

/**
 * Group normalisation (Wu and He 2018, arXiv:1803.08494): in each example, the channels of a group and all their pixels
 * get mean 0 and variance 1, then each channel its own scale and shift. It keeps no running statistics, so that a model
 * averaged over parties means what it says.
 *
 * The variance is the mean square of what is left after the mean was subtracted, not E[x²] − E[x]², which cancels.
 *
 * @param x [batch, channels, height, width], and so is the result
 * @param groups divides the number of channels; 1 normalises an example as a whole
 * @param epsilon is added to the (biased) variance, as PyTorch does
 */
export function groupNorm(parameters: ArrayTree, x: NDArray, groups: number, epsilon = 1e-5): NDArray {
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
  if (channels % groups !== 0) throw new RangeError(`${groups} groups do not divide ${channels} channels`);
  const grouped = x.reshape([batch, groups, (channels / groups) * height * width]);
  const centred = grouped.sub(mean(grouped, { axis: 2, keepdims: true }));
  const variance = mean(square(centred), { axis: 2, keepdims: true });
  const normal = centred.div(sqrt(variance.add(epsilon))).reshape(x.shape);
  const perChannel = [channels, 1, 1];
  return normal
    .mul(arrayAt(parameters, "weight").reshape(perChannel))
    .add(arrayAt(parameters, "bias").reshape(perChannel));
}
