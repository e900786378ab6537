import type { DType } from "../../tensor.ts";
import { sizeOf } from "../../tensor.ts";
import type { Value } from "./graph.ts";
import type { Product } from "./product.ts";

/**
 * How a value of the program lies in a tensor of the graph.
 *
 * Every logical axis is a list of pieces, outermost first. A piece has a size and the stride with which it walks through the
 * tensor; stride 0 repeats. Reshape, transpose and broadcast only rearrange pieces: nothing is copied for them.
 * The pieces with a stride cover the tensor exactly once, so sorting them by stride gives the tensor's own layout.
 */
export interface View {
  readonly dtype: DType;
  /** The tensor, a matrix product that has not chosen its layout yet, or a number. */
  readonly source: Value | Product | Scalar;
  readonly axes: readonly Axis[];
}

export type Axis = readonly Piece[];

export interface Piece {
  readonly size: number;
  readonly stride: number;
}

/** A number known when the program is lowered. */
export interface Scalar {
  readonly kind: "scalar";
  readonly value: number;
  /** The zero of x − stop_gradient(x), which annihilates whatever multiplies it: the custom derivatives count on it. */
  readonly vanishes: boolean;
}

export function isScalar(source: View["source"]): source is Scalar {
  return "kind" in source && source.kind === "scalar";
}

export function isProduct(source: View["source"]): source is Product {
  return "kind" in source && source.kind === "product";
}

export function shapeOf(view: View): number[] {
  return view.axes.map(axisSize);
}

export function axisSize(axis: Axis): number {
  return axis.reduce((size, piece) => size * piece.size, 1);
}

/** A view of a tensor in its own layout. */
export function viewOf(value: Value, dtype: DType): View {
  return { dtype, source: value, axes: rowMajor(value.dims) };
}

/** A number in a shape. */
export function scalarView(dtype: DType, value: number, shape: readonly number[] = [], vanishes = false): View {
  return { dtype, source: { kind: "scalar", value, vanishes }, axes: shape.map((size) => repeat(size)) };
}

/** Row-major axes over a tensor of these dims. */
export function rowMajor(dims: readonly number[]): Axis[] {
  let stride = 1;
  return dims
    .toReversed()
    .map((size): Axis => {
      const axis = size === 1 ? [] : [{ size, stride }];
      stride *= size;
      return axis;
    })
    .reverse();
}

function repeat(size: number): Axis {
  return size === 1 ? [] : [{ size, stride: 0 }];
}

export function transposeView(view: View, order: readonly number[]): View {
  return { ...view, axes: order.map((axis) => view.axes[axis] ?? []) };
}

/** Inserts new axes and repeats axes of size 1, until the view has the shape (jax-js: broadcast). */
export function broadcastView(view: View, shape: readonly number[], inserted: readonly number[]): View {
  const old = view.axes[Symbol.iterator]();
  const axes = shape.map((size, i) => {
    if (inserted.includes(i)) return repeat(size);
    const axis = (old.next().value as Axis | undefined) ?? [];
    return axisSize(axis) === 1 ? repeat(size) : axis;
  });
  return { ...view, axes };
}

/** Repeats axes as NumPy does: shapes are aligned at their ends. */
export function alignedTo(view: View, shape: readonly number[]): View {
  const missing = shape.length - view.axes.length;
  return broadcastView(
    view,
    shape,
    Array.from({ length: missing }, (_, i) => i),
  );
}

/** The view under another shape; undefined where a new axis would begin inside an old piece that it does not divide. */
export function reshapeView(view: View, shape: readonly number[]): View | undefined {
  if (sizeOf(shape) === 0) return { ...view, axes: rowMajor(shape) };
  const rest = mergePieces(view.axes.flat());
  const axes: Axis[] = [];
  for (const size of shape) {
    const axis: Piece[] = [];
    let missing = size;
    while (missing > 1) {
      const piece = rest.shift();
      if (piece === undefined) return undefined;
      if (missing % piece.size === 0) {
        axis.push(piece);
        missing /= piece.size;
      } else if (piece.size % missing === 0) {
        const [outer, inner] = splitPiece(piece, piece.size / missing);
        axis.push(outer);
        rest.unshift(inner);
        missing = 1;
      } else return undefined;
    }
    axes.push(axis);
  }
  return { ...view, axes };
}

/** Cuts a piece so that the inner part has the given size, which divides it. */
function splitPiece({ size, stride }: Piece, inner: number): [outer: Piece, inner: Piece] {
  return [
    { size: size / inner, stride: stride * inner },
    { size: inner, stride },
  ];
}

/** Joins neighbours that walk through the tensor like one piece. */
export function mergePieces(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last !== undefined && last.stride === piece.stride * piece.size) {
      merged[merged.length - 1] = { size: last.size * piece.size, stride: piece.stride };
    } else if (piece.size !== 1) merged.push(piece);
  }
  return merged;
}
