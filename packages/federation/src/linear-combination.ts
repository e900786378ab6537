import type { Tensor, Tree } from "@concord/engine";
import { flatten, mapTree, tensor, zeros } from "@concord/engine";

type Term = readonly [factor: number, tree: Tree<Tensor>];

/**
 * Σ a_k x_k over trees of float32 tensors of the same shapes: sums in float64, in the order given, rounded once.
 * Throws TypeError for a term that lacks a tensor of the first one, or has it with another size.
 */
export function linearCombination([first, tree]: Term, ...others: readonly Term[]): Tree<Tensor> {
  const terms = others.map(([factor, x]) => [factor, new Map(flatten(x))] as const);
  return mapTree(tree, ({ data, shape }, path) => {
    // Loops: TypedArray.from with a function takes twenty times as long for an element.
    const sum = new Float64Array(data.length);
    for (let k = 0; k < sum.length; k++) sum[k] = first * (data[k] as number);
    for (const [factor, leaves] of terms) {
      const x = leaves.get(path)?.data;
      if (x?.length !== sum.length) throw new TypeError(`a term has ${x?.length ?? "no"} elements at "${path}"`);
      for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + factor * (x[k] as number);
    }
    return tensor("float32", shape, Float32Array.from(sum));
  });
}

/** Zeros in the shapes of a tree of float32 tensors. */
export function zerosLike(tree: Tree<Tensor>): Tree<Tensor> {
  return mapTree(tree, ({ shape }) => zeros("float32", shape));
}
