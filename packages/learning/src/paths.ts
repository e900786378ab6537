import type { ArrayTree, NDArray } from "@concord/engine";
import { isBranch } from "@concord/engine";

/** The array at a path such as `fc1.weight`. Throws TypeError where there is none. */
export function arrayAt(tree: ArrayTree, path: string): NDArray {
  const node = nodeAt(tree, path);
  if (node === undefined || isBranch(node)) throw new TypeError(`there is no array at "${path}"`);
  return node;
}

/**
 * The subtree at a path; the empty tree where there is none, because a tree without leaves leaves no trace when it is
 * flattened (the state of an optimiser that keeps none). Throws TypeError where an array stands at the path.
 */
export function branchAt(tree: ArrayTree, path: string): ArrayTree {
  const node = nodeAt(tree, path) ?? {};
  if (!isBranch(node)) throw new TypeError(`"${path}" is an array, not a branch`);
  return node;
}

function nodeAt(tree: ArrayTree, path: string): NDArray | ArrayTree | undefined {
  let node: NDArray | ArrayTree | undefined = tree;
  for (const name of path.split(".")) {
    if (node === undefined || !isBranch(node)) return undefined;
    node = Object.hasOwn(node, name) ? node[name] : undefined;
  }
  return node;
}
