import type { Tensor, Tree } from "@concord/engine";
import { flatten, sameSpec, showSpec, tensor, unflatten } from "@concord/engine";

/**
 * Σ w_i x_i / Σ w_i over trees of float tensors, leaf by leaf.
 *
 * Sums are kept in float64 and added in the order given, so the result depends on that order alone and is as exact as
 * float32 parameters can show. Throws RangeError without trees or with a weight that is not > 0, TypeError where the
 * trees differ in paths, shapes or dtypes, or hold integers.
 */
export function weightedMean(
  parts: readonly { readonly weight: number; readonly tensors: Tree<Tensor> }[],
): Tree<Tensor> {
  if (parts.length === 0) throw new RangeError("a mean needs at least one tree");
  let total = 0;
  for (const { weight } of parts) {
    if (!(weight > 0 && Number.isFinite(weight))) throw new RangeError(`a weight must be > 0, got ${weight}`);
    total += weight;
  }
  return combination(
    parts.map(({ weight, tensors }) => ({ factor: weight, tensors })),
    total,
  );
}

/** Σ a_i x_i / divisor, with factors of any sign; for the rest as `weightedMean`. */
export function combination(
  parts: readonly { readonly factor: number; readonly tensors: Tree<Tensor> }[],
  divisor = 1,
): Tree<Tensor> {
  const first = parts[0];
  if (first === undefined) throw new RangeError("a combination needs at least one tree");
  const sums = flatten(first.tensors).map(([path, leaf]) => {
    // −0, not 0: it leaves every addend as it is, so that the mean of one tree is that tree to the bit.
    return { path, leaf, sum: new Float64Array(leaf.data.length).fill(-0) };
  });
  for (const { factor, tensors } of parts) {
    const leaves = flatten(tensors);
    if (leaves.length !== sums.length)
      throw new TypeError(`a tree has ${leaves.length} tensors, another ${sums.length}`);
    for (const [i, { path, leaf, sum }] of sums.entries()) {
      const [otherPath, other] = leaves[i] as (typeof leaves)[number];
      if (otherPath !== path) throw new TypeError(`a tree has "${otherPath}" where another has "${path}"`);
      if (!sameSpec(leaf, other)) throw new TypeError(`"${path}" is ${showSpec(other)} and ${showSpec(leaf)}`);
      addScaled(sum, factor, other.data);
    }
  }
  return unflatten(sums.map(({ path, leaf, sum }) => [path, divided(path, leaf, sum, divisor)] as const));
}

/** sum += factor · x */
function addScaled(sum: Float64Array, factor: number, x: Tensor["data"]): void {
  for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + factor * (x[k] as number);
}

function divided(path: string, like: Tensor, sum: Float64Array, divisor: number): Tensor {
  switch (like.dtype) {
    case "float32":
      return tensor("float32", like.shape, quotients(sum, divisor, new Float32Array(sum.length)));
    case "float64":
      return tensor("float64", like.shape, quotients(sum, divisor, new Float64Array(sum.length)));
    default:
      throw new TypeError(`"${path}" is ${like.dtype}: only float tensors have a mean`);
  }
}

function quotients<A extends Float32Array | Float64Array>(sum: Float64Array, divisor: number, into: A): A {
  for (let k = 0; k < sum.length; k++) into[k] = (sum[k] as number) / divisor;
  return into;
}
