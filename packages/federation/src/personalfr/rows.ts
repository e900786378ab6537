import type { Tensor, Tree } from "@concord/engine";
import { allocate, mapTree, tensor } from "@concord/engine";

/** The fewest rows for which a program is made. */
const LEAST_ROWS = 32;

/**
 * How many rows the program for so many active items has: the next power of two, so that a few programs serve all parties (8
 * for the 3,706 items of MovieLens 1M), at most N.
 */
export function bucketOf(active: number, items: number): number {
  let rows = LEAST_ROWS;
  while (rows < active) rows *= 2;
  return Math.min(rows, items);
}

/** True for the tensors with one row for each item: those of the first layer of the encoder and the last of the decoder. */
export function hasItemRows(path: string): boolean {
  return /(^|\.)items\.(weight|bias)$/.test(path);
}

/** Applies `f` to the tensors of a tree that have item rows; the others stay as they are. */
export function mapItemRows(tree: Tree<Tensor>, f: (leaf: Tensor) => Tensor): Tree<Tensor> {
  return mapTree(tree, (leaf, path) => (hasItemRows(path) ? f(leaf) : leaf));
}

/** The given rows of a tensor, followed by zeros up to `size` rows. */
export function gatherRows(from: Tensor, rows: ArrayLike<number>, size = rows.length): Tensor {
  const [, ...rest] = from.shape;
  const width = rest.reduce((product, axis) => product * axis, 1);
  const data = allocate(from.dtype, size * width);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    data.set(from.data.subarray(row * width, (row + 1) * width), i * width);
  }
  return tensor(from.dtype, [size, ...rest], data) as Tensor;
}

/** A tensor with other rows in the given places. */
export function scatterRows(into: Tensor, rows: ArrayLike<number>, values: Tensor): Tensor {
  const width = into.shape.slice(1).reduce((product, axis) => product * axis, 1);
  const data = allocate(into.dtype, into.data.length);
  data.set(into.data);
  for (let i = 0; i < rows.length; i++) {
    data.set(values.data.subarray(i * width, (i + 1) * width), (rows[i] as number) * width);
  }
  return tensor(into.dtype, into.shape, data) as Tensor;
}

/** 0 … n − 1. */
export function firstRows(n: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: n }, (_, i) => i);
}
