import type { ArrayTree, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { mapTree, zeros } from "@concord/engine";

/** A rule that turns a gradient into new parameters: pure functions over state that the caller keeps. */
export interface Optimizer {
  /** Specs of the state for parameters of these specs; `{}` for a rule that keeps none. */
  readonly state: (parameters: Tree<TensorSpec>) => Tree<TensorSpec>;
  /** The state before the first step. */
  init(parameters: Tree<TensorSpec>): Tree<Tensor>;
  /**
   * One step, inside a program. Gradient and parameters are trees with the same paths; the learning rate is a float32
   * scalar, so that a schedule needs no new program.
   */
  update(gradient: ArrayTree, state: ArrayTree, parameters: ArrayTree, learningRate: NDArray): Update;
}

/** What a step gives: the next parameters and state, trees like those it was given. */
export interface Update {
  readonly parameters: ArrayTree;
  readonly state: ArrayTree;
}

/** A state of zeros. */
export function zeroState(specs: Tree<TensorSpec>): Tree<Tensor> {
  return mapTree(specs, ({ dtype, shape }) => zeros(dtype, shape) as Tensor);
}
