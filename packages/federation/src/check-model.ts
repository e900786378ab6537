import type { Tensor, TensorSpec, Tree } from "@concord/engine";
import { checkTree, firstNonFinite, flatten } from "@concord/engine";

/** An update with NaN or an infinity in it: training has diverged. */
export class NonFiniteUpdate extends TypeError {}

/** Throws TypeError, naming the tensor, unless the update is a tree of the expected shapes with finite values. */
export function checkModel(update: Tree<Tensor>, specs: Tree<TensorSpec>): void {
  checkTree("update", update, specs);
  for (const [path, leaf] of flatten(update)) {
    const at = firstNonFinite(leaf);
    if (at >= 0) {
      throw new NonFiniteUpdate(`update: "${path}" holds ${leaf.data[at]} at element ${at}; values must be finite`);
    }
  }
}
