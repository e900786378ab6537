import * as jax from "@jax-js/jax";
import type { DType, Tensor, TensorSpec } from "./tensor.ts";
import { tensor } from "./tensor.ts";
import type { Tree } from "./tree.ts";
import { isBranch } from "./tree.ts";

const { numpy: np, lax, nn } = jax;

/**
 * An array inside a program: what model code computes with.
 *
 * jax-js arrays are move-only, each use consumes one and `.ref` keeps it. Here every operation takes its own reference,
 * so model code reads like NumPy and may use a value as often as it likes. That is safe because a program is traced
 * once: what is left over at the end of a trace are tracers without memory. Outside of a program there are no NDArrays.
 */
export class NDArray {
  readonly #array: jax.Array;

  constructor(array: jax.Array) {
    this.#array = array;
  }

  /** A fresh reference to the array below, for the operations in this file and for back ends. */
  get ref(): jax.Array {
    return this.#array.ref;
  }
  get shape(): readonly number[] {
    return this.#array.shape;
  }
  get dtype(): string {
    return this.#array.dtype;
  }
  get size(): number {
    return this.#array.size;
  }

  add(other: Operand): NDArray {
    return new NDArray(this.ref.add(operand(other)));
  }
  sub(other: Operand): NDArray {
    return new NDArray(this.ref.sub(operand(other)));
  }
  mul(other: Operand): NDArray {
    return new NDArray(this.ref.mul(operand(other)));
  }
  /** Quotient; of int32 by int32 the whole part, toward zero. */
  div(other: Operand): NDArray {
    return new NDArray(this.ref.div(operand(other)));
  }
  neg(): NDArray {
    return new NDArray(this.ref.neg());
  }
  less(other: Operand): NDArray {
    return new NDArray(this.ref.less(operand(other)));
  }
  greater(other: Operand): NDArray {
    return new NDArray(this.ref.greater(operand(other)));
  }
  equal(other: Operand): NDArray {
    return new NDArray(this.ref.equal(operand(other)));
  }
  reshape(shape: readonly number[]): NDArray {
    return new NDArray(this.ref.reshape([...shape]));
  }
  /** Reverses the axes, or puts them in the given order. */
  transpose(axes?: readonly number[]): NDArray {
    return new NDArray(this.ref.transpose(axes && [...axes]));
  }
  astype(dtype: DType): NDArray {
    return new NDArray(np.astype(this.ref, dtype as jax.DType));
  }
}

/** An array or a number, which is broadcast. */
export type Operand = NDArray | number;

/** Named trees of arrays: what programs take and return. */
export type ArrayTree = Tree<NDArray>;

// How exact the portable back end is (measured, see the test): + − × √ to rounding; ÷ multiplies by a reciprocal, 2 units
// in the last place, so x ÷ x may miss 1; exp 2e-6 of its value; tanh and sigmoid 2e-7; log and log1p only 2e-5. On float64
// + − × ÷ are exact to float64, the functions no better than on float32.
export const matmul = (a: NDArray, b: NDArray) => new NDArray(np.matmul(a.ref, b.ref));
export const exp = (x: NDArray) => new NDArray(np.exp(x.ref));
export const log = (x: NDArray) => new NDArray(np.log(x.ref));
export const log1p = (x: NDArray) => new NDArray(np.log1p(x.ref));
export const sqrt = (x: NDArray) => new NDArray(np.sqrt(x.ref));
export const square = (x: NDArray) => x.mul(x);
export const abs = (x: NDArray) => new NDArray(np.absolute(x.ref));
/** The error function 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf = (x: NDArray) => new NDArray(lax.erf(x.ref));
export const tanh = (x: NDArray) => new NDArray(np.tanh(x.ref));
export const sigmoid = (x: NDArray) => new NDArray(nn.sigmoid(x.ref));
export const relu = (x: NDArray) => new NDArray(nn.relu(x.ref));
export const maximum = (a: NDArray, b: Operand) => new NDArray(np.maximum(a.ref, operand(b)));
export const minimum = (a: NDArray, b: Operand) => new NDArray(np.minimum(a.ref, operand(b)));
/** Elements of `a` where the condition holds, of `b` elsewhere. */
export const where = (condition: NDArray, a: Operand, b: Operand) =>
  new NDArray(np.where(condition.ref, operand(a), operand(b)));
export const broadcastTo = (x: NDArray, shape: readonly number[]) => new NDArray(np.broadcastTo(x.ref, [...shape]));
export const concatenate = (parts: readonly NDArray[], axis = 0) =>
  new NDArray(
    np.concatenate(
      parts.map((part) => part.ref),
      axis,
    ),
  );
/** Rows (or slices along `axis`) of `x` at int32 indices, which must lie in range: a program cannot check them. */
export const take = (x: NDArray, indices: NDArray, axis = 0) => new NDArray(np.take(x.ref, indices.ref, axis));
/** `[0, 1, …, n − 1]` as int32. */
export const arange = (n: number) => new NDArray(np.arange(0, n, 1, { dtype: "int32" as jax.DType }));
/** The value, through which no gradient flows. */
export const stopGradient = (x: NDArray) => new NDArray(lax.stopGradient(x.ref));
/** Index of the largest element along an axis, the first of equal ones; not to be relied on where there is a NaN. */
export const argmax = (x: NDArray, axis: number) => new NDArray(np.argmax(x.ref, axis));

/** Axes over which to reduce (all of them where none is given), and whether to keep them with size 1. */
export interface Reduction {
  readonly axis?: number | readonly number[];
  readonly keepdims?: boolean;
}

export const sum = (x: NDArray, how: Reduction = {}) => new NDArray(np.sum(x.ref, axes(how), keep(how)));
export const mean = (x: NDArray, how: Reduction = {}) => new NDArray(np.mean(x.ref, axes(how), keep(how)));
export const max = (x: NDArray, how: Reduction = {}) => new NDArray(np.max(x.ref, axes(how), keep(how)));

/** One-hot rows: int32 labels of shape [...] to float32 of shape [..., classes]; a label out of range gives zeros. */
export function oneHot(labels: NDArray, classes: number): NDArray {
  return labels
    .reshape([...labels.shape, 1])
    .equal(arange(classes))
    .astype("float32");
}

/**
 * 2-D convolution: `x` [N, C, H, W] by `kernel` [K, C, h, w] to [N, K, H − h + 1, W − w + 1], or to [N, K, H, W] where the
 * padding is "same".
 */
export function conv2d(x: NDArray, kernel: NDArray, padding: "valid" | "same" = "valid"): NDArray {
  return new NDArray(lax.conv(x.ref, kernel.ref, [1, 1], padding === "same" ? "SAME" : "VALID"));
}

/**
 * Max pooling over windows that do not overlap: [N, C, H, W] to [N, C, H/size, W/size].
 * Written as a reshape and a maximum, which every back end does fast; ties share the gradient evenly.
 */
export function maxPool2d(x: NDArray, size: number): NDArray {
  const [n = 0, c = 0, h = 0, w = 0] = x.shape;
  if (h % size !== 0 || w % size !== 0) throw new RangeError(`pooling by ${size} does not divide ${h}×${w}`);
  return max(x.reshape([n, c, h / size, size, w / size, size]), { axis: [3, 5] });
}

/** A constant of the program. */
export function constant(value: Tensor): NDArray {
  return new NDArray(put(value));
}

/** What a differentiated function returns: a scalar loss, and values that come along without a gradient. */
export interface Objective {
  readonly loss: NDArray;
  readonly aux: ArrayTree;
}

/** Turns an objective into one that also returns the gradient of its loss, a tree like the parameters. */
export function valueAndGrad(
  f: (parameters: ArrayTree) => Objective,
): (parameters: ArrayTree) => Objective & { readonly gradient: ArrayTree } {
  const inner = (tree: Tree<jax.Array>) => {
    const { loss, aux } = f(wrapTree(tree));
    return [loss.ref, unwrapTree(aux)];
  };
  // jax-js types a tree by its exact structure, which a named tree does not have.
  const differentiate = jax.valueAndGrad(inner as never, { hasAux: true }) as unknown as (
    tree: Tree<jax.Array>,
  ) => [[jax.Array, Tree<jax.Array>], Tree<jax.Array>];
  return (parameters) => {
    const [[loss, aux], gradient] = differentiate(unwrapTree(parameters));
    return { loss: new NDArray(loss), aux: wrapTree(aux), gradient: wrapTree(gradient) };
  };
}

/** `f` over the first axis of its arguments: one program for a stack of parties or examples. */
export function vmap(f: (arguments_: ArrayTree) => ArrayTree): (arguments_: ArrayTree) => ArrayTree {
  const inner = (tree: Tree<jax.Array>) => unwrapTree(f(wrapTree(tree)));
  const mapped = jax.vmap(inner as never) as unknown as (tree: Tree<jax.Array>) => Tree<jax.Array>;
  return (arguments_) => wrapTree(mapped(unwrapTree(arguments_)));
}

/** Wraps the arrays of a tree for model code. */
export function wrapTree(tree: Tree<jax.Array>): ArrayTree {
  return mapPlain(tree, (leaf) => new NDArray(leaf));
}

/** Takes fresh references of the arrays of a tree. */
export function unwrapTree(tree: ArrayTree): Tree<jax.Array> {
  return mapPlain(tree, (leaf) => leaf.ref);
}

/** Puts a host tensor on the current device. */
export function put(t: Tensor): jax.Array {
  const shape = [...t.shape];
  const dtype = t.dtype as jax.DType;
  // jax-js reads the first element of an empty array, and keeps booleans as 32-bit integers.
  if (t.data.length === 0) return np.zeros(shape, { dtype });
  const data = t.dtype === "bool" ? Int32Array.from(t.data) : t.data;
  return np.array(data, { shape, dtype });
}

/** Brings an array to the host, and frees it. Throws TypeError for a dtype that the house does not have. */
export async function fetchArray(array: jax.Array): Promise<Tensor> {
  const { dtype, shape } = specOfArray(array);
  const data = await array.data();
  // A bool comes back as 32-bit integers, and any data may be a view of WebAssembly memory: copy into our own.
  switch (dtype) {
    case "float32":
      return tensor(dtype, shape, Float32Array.from(data));
    case "float64":
      return tensor(dtype, shape, Float64Array.from(data));
    case "int32":
      return tensor(dtype, shape, Int32Array.from(data));
    case "bool":
      return tensor(
        dtype,
        shape,
        Uint8Array.from(data, (bit) => (bit === 0 ? 0 : 1)),
      );
  }
}

/** Shape and dtype of an array, checked against the dtypes of the house. */
export function specOfArray(array: { readonly shape: readonly number[]; readonly dtype: string }): TensorSpec {
  const dtype = array.dtype;
  if (dtype !== "float32" && dtype !== "float64" && dtype !== "int32" && dtype !== "bool") {
    throw new TypeError(`a program may not return ${dtype}`);
  }
  return { dtype, shape: [...array.shape] };
}

function operand(value: Operand): jax.Array | number {
  return typeof value === "number" ? value : value.ref;
}

function axes({ axis }: Reduction): number | number[] | null {
  if (axis === undefined) return null;
  return typeof axis === "number" ? axis : [...axis];
}

function keep({ keepdims = false }: Reduction): { keepdims: boolean } {
  return { keepdims };
}

/** Like mapTree, but yields ordinary objects, which is what jax-js takes for a tree. */
function mapPlain<T, U>(tree: Tree<T>, f: (leaf: T) => U): Tree<U> {
  return Object.fromEntries(
    Object.entries(tree).map(([name, child]) => [
      name,
      isBranch<T>(child as T) ? mapPlain(child as Tree<T>, f) : f(child as T),
    ]),
  );
}
