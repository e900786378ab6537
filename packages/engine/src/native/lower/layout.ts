import { sizeOf, tensor } from "../../tensor.ts";
import type { GraphBuilder, Value } from "./graph.ts";
import { ints } from "./graph.ts";
import { repeatPairs } from "./peepholes/repeat-pairs.ts";
import { swapPieces } from "./product.ts";
import type { Piece, View } from "./view.ts";
import { alignedTo, axisSize, isProduct, isScalar, mergePieces, rowMajor, shapeOf, viewOf } from "./view.ts";

// Where bookkeeping ends: bringing views into tensors that a kernel can read.

/** The view over a tensor that exists: a number becomes a constant, a product settles for the layout that fits better. */
export function concrete(
  graph: GraphBuilder,
  view: View,
  fits: (view: View) => boolean = () => true,
): View & { source: Value } {
  const { source } = view;
  if (isScalar(source)) {
    const value = graph.constant(scalarTensor(view.dtype, source.value));
    return { ...view, source: value };
  }
  if (!isProduct(source)) return { ...view, source };
  const swap = () => ({ ...view, axes: view.axes.map((axis) => swapPieces(source, axis)) });
  const choose = () => (source.prefersSwapped() && fits(swap())) || (!fits(view) && fits(swap()));
  const settled = source.settled() ?? source.settle(choose());
  return { ...(settled.swapped ? swap() : view), source: settled.value };
}

/** The elements of a view in row-major order of its logical shape, repeats written out. */
export function contiguous(graph: GraphBuilder, view: View): Value {
  const shape = shapeOf(view);
  if (isScalar(view.source) && shape.includes(0)) {
    return graph.constant({ ...scalarTensor(view.dtype, 0), shape, data: emptyLike(view.dtype) } as never);
  }
  const pieces = view.axes.flat();
  const held = concrete(graph, view, (v) => inOrder(v.axes.flat()));
  // A product that settled may have cut its pieces: read them again.
  const own = held.axes.flat();
  const present = arranged(graph, held.source, own);
  if (own.every(({ stride }) => stride !== 0) || pieces.length === 0) return graph.reshape(present, shape);
  return graph.reshape(writeRepeats(graph, present, own), shape);
}

/** A view of the elements in row-major order: any reshape of it is bookkeeping. */
export function flattened(graph: GraphBuilder, view: View): View {
  if (isScalar(view.source)) return view;
  return viewOf(contiguous(graph, view), view.dtype);
}

/** True if the pieces with a stride stand in the order in which the tensor holds them. */
export function inOrder(pieces: readonly Piece[]): boolean {
  let last = Number.POSITIVE_INFINITY;
  for (const { stride } of pieces) {
    if (stride === 0) continue;
    if (stride > last) return false;
    last = stride;
  }
  return true;
}

/** The tensor transposed so that its pieces stand in the given order; dims are the sizes of the pieces, 1 for a repeat. */
export function arranged(graph: GraphBuilder, value: Value, pieces: readonly Piece[]): Value {
  const dims = pieces.map(({ size, stride }) => (stride === 0 ? 1 : size));
  const present = mergePieces(pieces.filter(({ stride }) => stride !== 0));
  if (inOrder(present)) return graph.reshape(value, dims);
  const held = present.toSorted((a, b) => b.stride - a.stride);
  const order = present.map((piece) => held.indexOf(piece));
  const source = graph.reshape(
    value,
    held.map(({ size }) => size),
  );
  const moved = graph.node({
    op: "Transpose",
    inputs: [source],
    type: value.type,
    dims: present.map(({ size }) => size),
    attributes: { perm: ints(order) },
  });
  return graph.reshape(moved, dims);
}

/** Expands dims of size 1 to the sizes of the pieces. */
function writeRepeats(graph: GraphBuilder, value: Value, pieces: readonly Piece[]): Value {
  const pairs = repeatPairs(graph, value, pieces);
  if (pairs !== undefined) return pairs;
  const groups = mergeAlike([pieces]);
  const dims = groups.map((group) => group.size);
  const source = graph.reshape(
    value,
    groups.map((group) => (group.present[0] ? group.size : 1)),
  );
  return graph.node({ op: "Expand", inputs: [source, graph.integers(dims)], type: value.type, dims });
}

/** Several views under common dims, ready for an elementwise operator. */
export interface Aligned {
  readonly values: readonly Value[];
  readonly dims: readonly number[];
  /** Views the operator's result, a tensor of `dims`, under the common logical shape. */
  readonly view: (result: Value, dtype: View["dtype"]) => View;
}

/**
 * Brings views of one shape (after NumPy's broadcasting) to tensors of few, common dims, with as few transpositions as
 * possible: the largest tensor keeps its layout, the others follow it, and what all of them repeat stays a repeat.
 */
export function align(graph: GraphBuilder, views: readonly View[], shape: readonly number[]): Aligned {
  let inputs = views.map((view) => alignedTo(view, shape));
  const first = leaderOf(inputs);
  // A product that leads follows nobody: it takes the layout that it was wished to have.
  inputs = inputs.map((view, i) => (i === first && isProduct(view.source) ? concrete(graph, view) : view));
  let cuts = commonCuts(inputs, shape);
  if (cuts === undefined) {
    // Axes are cut in ways that do not fit each other (6 as 2·3 and as 3·2): lay everything out plainly.
    inputs = inputs.map((view) => flattened(graph, view));
    cuts = commonCuts(inputs, shape) ?? [];
  }
  const commonly = (view: View) => view.axes.flatMap((axis, i) => cutAxis(axis, cuts[i] ?? []));
  const layout = layoutOf(inputs.map(commonly), first);
  const settle = (view: View) => concrete(graph, view, (v) => cutsFit(v, cuts) && inOrder(pick(commonly(v), layout)));
  const held = inputs.map((view) => settle(view));
  const refined = held.every((view) => cutsFit(view, cuts));
  if (!refined) {
    // A product that was already settled the other way round.
    return align(graph, held, shape);
  }
  const prepared = held.map((view) => {
    const own = pick(commonly(view), layout);
    const present = inOrder(own) ? view.source : arranged(graph, view.source, own);
    // A kernel that repeats runs of two elements is slower than writing them out.
    const written = held.length > 1 ? repeatPairs(graph, present, own) : undefined;
    return written === undefined ? { value: present, pieces: own } : { value: written, pieces: plainPieces(own) };
  });
  const groups = mergeAlike(prepared.map(({ pieces }) => pieces));
  const view = viewer(layout, shape, cuts);
  const values = prepared.map(({ value }) => value);
  const dims = sharedDims(held[first]?.source, values, groups);
  if (dims !== undefined) {
    return {
      values: values.map((value, i) => (groups.some((group) => group.present[i]) ? graph.reshape(value, dims) : value)),
      dims,
      view,
    };
  }
  const fitted = values.map((value, i) => {
    const own = groups.map((group) => (group.present[i] ? group.size : 1));
    // Leading axes of size 1 need not be said.
    const begin = own.findIndex((size) => size !== 1);
    return graph.reshape(value, begin < 0 ? [] : own.slice(begin));
  });
  return { values: fitted, dims: groups.map((group) => group.size), view };
}

/**
 * The dims of the leading tensor where every input has all elements or is a single number: no input needs a reshape then,
 * and an output of the program comes out in its own dims (a last Reshape would copy it).
 */
function sharedDims(
  leader: Value | undefined,
  values: readonly Value[],
  groups: readonly Group[],
): readonly number[] | undefined {
  const [group] = groups;
  if (groups.length > 1 || group === undefined || leader === undefined) return undefined;
  const whole = [leader, ...values].find(({ dims }) => sizeOf(dims) === group.size);
  const single = values.every((value, i) => group.present[i] || value.dims.length <= (whole?.dims.length ?? 0));
  return single ? whole?.dims : undefined;
}

/** Pieces of the same sizes over a tensor in their order. */
function plainPieces(pieces: readonly Piece[]): Piece[] {
  return rowMajor(pieces.map(({ size }) => size)).map((axis) => axis[0] ?? { size: 1, stride: 0 });
}

/** Whether a view's axes can be cut at these sizes. */
function cutsFit(view: View, cuts: readonly (readonly number[])[]): boolean {
  return view.axes.every((axis, i) => innerSizes(axis).every((size) => (cuts[i] ?? []).includes(size)));
}

/** For each axis the sizes of its inner parts at which any input is cut, ascending; undefined where they do not nest. */
function commonCuts(views: readonly View[], shape: readonly number[]): number[][] | undefined {
  const cuts = shape.map((size, i) => {
    const all = new Set([size, ...views.flatMap((view) => innerSizes(view.axes[i] ?? []))]);
    return [...all].sort((a, b) => a - b);
  });
  const nested = cuts.every((sizes) => sizes.every((size, i) => i === 0 || size % (sizes[i - 1] ?? 1) === 0));
  return nested ? cuts : undefined;
}

function innerSizes(axis: readonly Piece[]): number[] {
  let size = 1;
  return mergePieces(axis)
    .toReversed()
    .map((piece) => {
      size *= piece.size;
      return size;
    });
}

/** The axis in pieces that end at the given sizes. */
function cutAxis(axis: readonly Piece[], cuts: readonly number[]): Piece[] {
  const rest = mergePieces(axis);
  const pieces: Piece[] = [];
  let inner = 1;
  for (const cut of cuts) {
    if (cut === 1) continue;
    const size = cut / inner;
    inner = cut;
    const piece = rest.pop();
    if (piece === undefined) pieces.push({ size, stride: 0 });
    else if (piece.size === size) pieces.push(piece);
    else {
      pieces.push({ size, stride: piece.stride });
      rest.push({ size: piece.size / size, stride: piece.stride * size });
    }
  }
  return pieces.reverse();
}

/** The input whose layout the others follow: the largest one that has a layout. */
function leaderOf(views: readonly View[]): number {
  const weight = (view: View) => {
    const size = view.axes.flat().reduce((n, piece) => (piece.stride === 0 ? n : n * piece.size), 1);
    const open = isProduct(view.source) && view.source.settled() === undefined;
    return open ? size - 0.5 : size;
  };
  return views.reduce((best, view, i) => (weight(view) > weight(views[best] as View) ? i : best), 0);
}

/** Positions of the pieces in the order of the common layout; those that every input repeats are left out. */
function layoutOf(inputs: readonly (readonly Piece[])[], leader: number): number[] {
  const layout: number[] = [];
  const rest = inputs.map((_, i) => i).filter((i) => i !== leader);
  for (const i of [leader, ...rest]) {
    const pieces = inputs[i] ?? [];
    const own = pieces.map((_, p) => p).filter((p) => (pieces[p]?.stride ?? 0) !== 0);
    own.sort((a, b) => (pieces[b]?.stride ?? 0) - (pieces[a]?.stride ?? 0));
    let before = layout.length;
    for (const p of own.toReversed()) {
      const at = layout.indexOf(p);
      if (at >= 0) before = at;
      else layout.splice(before, 0, p);
    }
  }
  return layout;
}

function pick(pieces: readonly Piece[], layout: readonly number[]): Piece[] {
  return layout.map((p) => pieces[p] ?? { size: 1, stride: 0 });
}

interface Group {
  readonly size: number;
  /** Whether each input has the elements, or repeats one. */
  readonly present: readonly boolean[];
}

/** Joins neighbouring pieces that every input either has or repeats. */
function mergeAlike(inputs: readonly (readonly Piece[])[]): Group[] {
  const groups: Group[] = [];
  const [first = []] = inputs;
  for (const [p, { size }] of first.entries()) {
    const present = inputs.map((pieces) => (pieces[p]?.stride ?? 0) !== 0);
    const last = groups.at(-1);
    if (last?.present.every((is, i) => is === present[i])) {
      groups[groups.length - 1] = { size: last.size * size, present };
    } else groups.push({ size, present });
  }
  return groups;
}

/** Views a tensor in the common layout under the logical shape. */
function viewer(layout: readonly number[], shape: readonly number[], cuts: readonly (readonly number[])[]) {
  const sizes = shape.flatMap((_, i) => {
    const all = (cuts[i] ?? []).filter((size) => size !== 1);
    return all.map((size, j) => size / (all[j - 1] ?? 1)).reverse();
  });
  const strides = rowMajor(layout.map((p) => sizes[p] ?? 1)).map((axis) => axis[0]?.stride ?? 0);
  const pieces = sizes.map((size, p): Piece => {
    const at = layout.indexOf(p);
    return { size, stride: at < 0 ? 0 : (strides[at] ?? 0) };
  });
  return (result: Value, dtype: View["dtype"]): View => {
    const rest = [...pieces];
    const axes = shape.map((size) => {
      const axis: Piece[] = [];
      while (axisSize(axis) < size) axis.push(rest.shift() ?? { size, stride: 0 });
      return axis;
    });
    return { dtype, source: result, axes };
  };
}

function scalarTensor(dtype: View["dtype"], value: number) {
  switch (dtype) {
    case "float32":
      return tensor(dtype, [], Float32Array.of(value));
    case "float64":
      return tensor(dtype, [], Float64Array.of(value));
    case "int32":
      return tensor(dtype, [], Int32Array.of(value));
    case "bool":
      return tensor(dtype, [], Uint8Array.of(value === 0 ? 0 : 1));
  }
}

function emptyLike(dtype: View["dtype"]) {
  return scalarTensor(dtype, 0).data.slice(0, 0);
}
