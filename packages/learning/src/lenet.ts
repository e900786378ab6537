import type { ArrayTree, NDArray } from "@concord/engine";
import { maxPool2d, relu, split } from "@concord/engine";
import { convolution, convolutionInit, convolutionSpecs } from "./convolution.ts";
import { groupNorm, groupNormInit, groupNormSpecs } from "./group-norm.ts";
import { flattenExamples, linear, linearInit, linearSpecs } from "./linear.ts";
import type { Model } from "./model.ts";
import { branchAt } from "./paths.ts";

/**
 * The LeNet-5 type network of the federated learning literature (LeCun et al. 1998, with ReLU, maximum pooling and group
 * normalisation): two blocks of 5×5 convolution without padding (6, then 16 channels), GroupNorm(1), ReLU and 2×2 pooling,
 * then linear layers of 120, 84 and `outputs`. 44,470 parameters for 28×28×1 and 10 classes, 62,050 for 32×32×3.
 *
 * Images come with the channels last, as they are stored; inside they come first. Parameters are `conv1`, `norm1`,
 * `conv2`, `norm2`, `fc1`, `fc2` and `fc3`, each with `weight` and `bias`; a convolution's weight is [out, in, 5, 5], a linear
 * layer's is [in, out], and the rows of `fc1.weight` are in the order [16, h, w].
 *
 * @param inputShape [height, width, channels]
 * Throws RangeError unless height and width are multiples of 4, and at least 16.
 */
export function lenet(inputShape: readonly number[], outputs: number): Model {
  const [height = 0, width = 0, channels = 0] = inputShape;
  const problem = lenetInputProblem(inputShape);
  if (problem !== undefined) throw new RangeError(problem);

  const conv1 = { inputs: channels, outputs: 6, side: 5 };
  const conv2 = { inputs: 6, outputs: 16, side: 5 };
  const features = 16 * (height / 4 - 3) * (width / 4 - 3);

  return {
    name: `lenet ${height}×${width}×${channels}-${outputs}`,
    parameters: {
      conv1: convolutionSpecs(conv1),
      norm1: groupNormSpecs(6),
      conv2: convolutionSpecs(conv2),
      norm2: groupNormSpecs(16),
      fc1: linearSpecs(features, 120),
      fc2: linearSpecs(120, 84),
      fc3: linearSpecs(84, outputs),
    },
    init: (key) => ({
      conv1: convolutionInit(split(key, "conv1"), conv1),
      norm1: groupNormInit(6),
      conv2: convolutionInit(split(key, "conv2"), conv2),
      norm2: groupNormInit(16),
      fc1: linearInit(split(key, "fc1"), features, 120),
      fc2: linearInit(split(key, "fc2"), 120, 84),
      fc3: linearInit(split(key, "fc3"), 84, outputs),
    }),
    apply(parameters, x) {
      const layer = (name: string) => branchAt(parameters, name);
      const images = x.transpose([0, 3, 1, 2]);
      const first = block(layer("conv1"), layer("norm1"), images);
      const second = block(layer("conv2"), layer("norm2"), first);
      const hidden1 = relu(linear(layer("fc1"), flattenExamples(second)));
      const hidden2 = relu(linear(layer("fc2"), hidden1));
      return linear(layer("fc3"), hidden2);
    },
  };
}

/** What is wrong with an input shape for this network, in words; undefined if nothing is. */
export function lenetInputProblem(inputShape: readonly number[]): string | undefined {
  const [height = 0, width = 0] = inputShape;
  const fits = (side: number) => side >= 16 && side % 4 === 0;
  // Each side s becomes (s − 4) / 2 twice: it must stay whole and end at 1 or more.
  if (inputShape.length === 3 && fits(height) && fits(width)) return undefined;
  return `lenet takes images [height, width, channels] whose sides are multiples of 4 from 16 on, got [${inputShape.join(", ")}]`;
}

/** [batch, C, H, W] to [batch, K, (H − 4) / 2, (W − 4) / 2]. */
function block(conv: ArrayTree, norm: ArrayTree, x: NDArray): NDArray {
  return maxPool2d(relu(groupNorm(norm, convolution(conv, x), 1)), 2);
}
