import type { ArrayTree } from "@concord/engine";
import { constant, flatten, mapTree, minimum, scalar, sqrt, square, sum } from "@concord/engine";

/**
 * Scales a gradient so that its Euclidean norm over all tensors is at most `limit`: the factor is
 * min(1, limit / (norm + 1e-6)), as in torch.nn.utils.clip_grad_norm_ (Pascanu et al. 2013, arXiv:1211.5063).
 */
export function clipByGlobalNorm(gradient: ArrayTree, limit: number): ArrayTree {
  const squares = flatten(gradient).map(([, g]) => sum(square(g)));
  const [first, ...others] = squares;
  if (first === undefined) return gradient;
  const norm = sqrt(others.reduce((total, s) => total.add(s), first));
  const factor = minimum(constant(scalar(limit)).div(norm.add(1e-6)), 1);
  return mapTree(gradient, (g) => g.mul(factor));
}
