import type { Key, Tensor, TensorSpec, Tree } from "@concord/engine";
import { float32, mapTree, rng, sizeOf, split } from "@concord/engine";

/**
 * Float32 tensors whose elements are uniform over ±1/√fanIn, each tensor from its own stream.
 *
 * This is what PyTorch draws by default for linear and convolutional layers: `kaiming_uniform_` with a = √5 gives the
 * weight the bound √(6 / ((1 + a²) fanIn)) = 1/√fanIn, and the bias is given the same one (torch.nn.Linear and
 * torch.nn.Conv2d, "Variables"; He et al. 2015, arXiv:1502.01852).
 *
 * @param fanIn number of inputs that reach one output of the layer
 */
export function uniformFanIn(key: Key, specs: Tree<TensorSpec>, fanIn: number): Tree<Tensor> {
  const bound = 1 / Math.sqrt(fanIn);
  return mapTree(specs, ({ shape }, path) => {
    const random = rng(split(key, path));
    const values = Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * random.uniform() - 1));
    return float32(shape, values);
  });
}
