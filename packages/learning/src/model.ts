import type { ArrayTree, Key, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { flatten, sizeOf } from "@concord/engine";

/** A pure function with parameters. It holds no numbers itself: parameters are a named tree that the caller keeps. */
export interface Model {
  /** For messages and logs, such as "mlp 784-200-10". */
  readonly name: string;
  /** Path, shape and dtype of every parameter. All are float32. */
  readonly parameters: Tree<TensorSpec>;
  /** Fresh parameters. Each tensor is a function of the key and its path alone. */
  init(key: Key): Tree<Tensor>;
  /**
   * `x` float32 [batch, ...inputShape] to float32 [batch, outputs]: logits or predictions, one row for each example,
   * independent of the other rows.
   */
  apply(parameters: ArrayTree, x: NDArray): NDArray;
}

/** Number of trainable scalars of a model, or of any tree of specs. */
export function parameterCount(of: Model | Tree<TensorSpec>): number {
  const specs = isModel(of) ? of.parameters : of;
  return flatten(specs).reduce((count, [, spec]) => count + sizeOf(spec.shape), 0);
}

function isModel(of: Model | Tree<TensorSpec>): of is Model {
  return typeof of.apply === "function";
}
