import type { Tensor, Tree } from "@concord/engine";

declare const owner: unique symbol;

/**
 * Tensors that belong to one party and never enter a message: its encoder, its codes, the state of its optimiser.
 *
 * To the compiler this is no `Tree<Tensor>`: what encodes, uploads or merges tensors does not take it. Only the party opens it,
 * inside `train` and `evaluate`, and where it is put on the party's own disk.
 */
export interface PrivateTree {
  readonly [owner]: "one party";
}

/** Marks tensors as the party's own. */
export function keepPrivate(tensors: Tree<Tensor>): PrivateTree {
  return tensors as unknown as PrivateTree;
}

/** The party's own tensors, for the party itself. */
export function openPrivate(own: PrivateTree): Tree<Tensor> {
  return own as unknown as Tree<Tensor>;
}
