import { MICROSOFT } from "../../onnx/model.ts";
import { UnsupportedPrimitive } from "../../trace/unsupported.ts";
import type { GraphBuilder, Value } from "../graph.ts";
import { int, ints } from "../graph.ts";
import { arranged, concrete, flattened, inOrder } from "../layout.ts";
import type { Product, Settled } from "../product.ts";
import { swapPieces } from "../product.ts";
import type { Axis, Piece, View } from "../view.ts";
import { alignedTo, axisSize, isProduct, isScalar, mergePieces, rowMajor, scalarView, shapeOf } from "../view.ts";
import { applyElementwise, cast } from "./elementwise.ts";
import { reduceView } from "./reduce.ts";
import type { Rule } from "./rule.ts";
import { inputAt } from "./rule.ts";

/** Gemm, FusedMatMul or MatMul: the sum of x · y over the last axis, both broadcast to one shape. */
export const dot: Rule = (call) => {
  const x = cast(call.graph, inputAt(call, 0), call.dtype);
  const y = cast(call.graph, inputAt(call, 1), call.dtype);
  return [contract(call.graph, x, y, call.wish)];
};

/**
 * Sorts the pieces of both operands into batch (both have it), m (x has it), n (y has it) and k (summed), so that the sum
 * is one matrix product in whatever layout the operands have; only a layout that mixes the classes is transposed first.
 */
export function contract(graph: GraphBuilder, left: View, right: View, wish?: readonly number[]): View {
  const rank = Math.max(left.axes.length, right.axes.length);
  const shape = commonShape(left, right);
  const last = rank - 1;
  if (shape.includes(0)) return scalarView(left.dtype, 0, shape.slice(0, -1));
  let [x, y] = [alignedTo(left, shape), alignedTo(right, shape)];
  if (isScalar(x.source) || isScalar(y.source)) return asSum(graph, x, y, shape);
  [x, y] = [concrete(graph, x), concrete(graph, y)];
  let cut = cutTogether(x, y);
  if (cut === undefined) {
    [x, y] = [concrete(graph, flattened(graph, x)), concrete(graph, flattened(graph, y))];
    cut = cutTogether(x, y);
  }
  if (cut === undefined) throw new UnsupportedPrimitive("a product whose axes are cut in ways that do not nest");

  // What only one side has of the summed axis is summed there first.
  const alone = (mine: readonly Pair[], side: 0 | 1) =>
    mine.some((p) => p[side].stride !== 0 && p[1 - side]?.stride === 0);
  const summed = cut[last] ?? [];
  if (alone(summed, 0) || alone(summed, 1)) return asSum(graph, x, y, shape);
  const factor = summed.reduce((n, [a, b]) => (a.stride === 0 && b.stride === 0 ? n * a.size : n), 1);

  const outer = cut.slice(0, -1);
  const pairs = outer.flat();
  const k = summed.filter(([a]) => a.stride !== 0);
  const batch = pairs.filter(([a, b]) => a.stride !== 0 && b.stride !== 0);
  const m = pairs.filter(([a, b]) => a.stride !== 0 && b.stride === 0);
  const n = pairs.filter(([a, b]) => a.stride === 0 && b.stride !== 0);
  // An outer product, such as the gradient of weights at batch 1, is one with k = 1: like the others it takes the layout that is wished.
  const [isOuter, isInner] = [m.length > 0 && n.length > 0, m.length === 0 && n.length === 0];
  if (isInner || (k.length === 0 && !(isOuter && batch.length === 0))) return asSum(graph, x, y, shape);

  const product = plan(graph, x as Held, y as Held, { batch, m, n, k });
  const order = [...product.batch, ...product.m, ...product.n];
  const fresh = rowMajor(order.map(([a, b]) => Math.max(a.size, b.size)));
  const axes = outer.map(
    (axis): Axis =>
      mergePieces(
        axis.map((pair) => {
          const at = order.indexOf(pair);
          return at < 0 ? { size: pair[0].size, stride: 0 } : (fresh[at]?.[0] ?? { size: 1, stride: 0 });
        }),
      ),
  );
  const result: View = {
    dtype: x.dtype,
    source: { ...product.product, prefersSwapped: () => fitsSwapped(result, wish) },
    axes,
  };
  if (factor === 1) return result;
  return applyElementwise(graph, "Mul", [result, scalarView(x.dtype, factor)], shapeOf(result), x.dtype);
}

/** Whether the wished order of axes is that of [batch, n, m] and not that of [batch, m, n]. */
function fitsSwapped({ source, axes }: View, wish: readonly number[] | undefined): boolean {
  if (wish === undefined || !isProduct(source)) return false;
  const wished = wish.flatMap((axis) => axes[axis] ?? []);
  return !inOrder(wished) && inOrder(swapPieces(source, wished));
}

/** One piece of the common shape as both operands have it. */
type Pair = readonly [x: Piece, y: Piece];

interface Classes {
  readonly batch: readonly Pair[];
  readonly m: readonly Pair[];
  readonly n: readonly Pair[];
  readonly k: readonly Pair[];
}

type Held = View & { readonly source: Value };

/** Orders the pieces of each class as the operands hold them, and prepares the node. */
function plan(graph: GraphBuilder, x: Held, y: Held, classes: Classes): Omit<Classes, "k"> & { product: Product } {
  const byX = (a: Pair, b: Pair) => b[0].stride - a[0].stride;
  const byY = (a: Pair, b: Pair) => b[1].stride - a[1].stride;
  const batch = classes.batch.toSorted(byX);
  const m = classes.m.toSorted(byX);
  const n = classes.n.toSorted(byY);
  // The smaller operand follows the larger one in the order of what is summed.
  const k = classes.k.toSorted(total(m) >= total(n) ? byX : byY);
  const a = operand(
    graph,
    x.source,
    [batch, m, k].map((pairs) => pairs.map((pair) => pair[0])),
  );
  const b = operand(
    graph,
    y.source,
    [batch, n, k].map((pairs) => pairs.map((pair) => pair[1])),
  );
  const sizes = { batch: total(batch), m: total(m), n: total(n), k: total(k) };
  let settled: Settled | undefined;
  const product: Product = {
    kind: "product",
    m: sizes.m,
    n: sizes.n,
    operands: { a, b, batch: sizes.batch },
    settled: () => settled,
    prefersSwapped: () => false,
    settle(swapped) {
      settled ??= { value: swapped ? emit(graph, b, a, sizes.batch) : emit(graph, a, b, sizes.batch), swapped };
      return settled;
    },
  };
  return { batch, m, n, product };
}

/** A matrix for the product: [batch, rows, k], or [batch, k, rows] if transposed. */
export interface Matrix {
  readonly value: Value;
  readonly rows: number;
  readonly k: number;
  readonly transposed: boolean;
}

function operand(graph: GraphBuilder, value: Value, [batch = [], rows = [], k = []]: Piece[][]): Matrix {
  const plain = [...batch, ...rows, ...k];
  const turned = [...batch, ...k, ...rows];
  // Where neither stands like that in memory, the copy is fastest if it keeps the innermost stretch.
  const innermost = [...plain].sort((p, q) => p.stride - q.stride)[0];
  const transposed = !inOrder(plain) && (inOrder(turned) || (rows.length > 0 && innermost === rows.at(-1)));
  const sizes = { rows: product(rows), k: product(k) };
  const present = arranged(graph, value, transposed ? turned : plain);
  const dims = transposed ? [product(batch), sizes.k, sizes.rows] : [product(batch), sizes.rows, sizes.k];
  return { ...sizes, value: graph.reshape(present, dims), transposed };
}

/** a · bᵀ over the last axes, where each matrix may come transposed. */
function emit(graph: GraphBuilder, a: Matrix, b: Matrix, batch: number): Value {
  const type = a.value.type;
  if (batch === 1 && (type === "float32" || type === "float64")) return gemm(graph, a, b);
  const dims = [batch, a.rows, b.rows];
  if (type !== "float32") {
    return graph.node({ op: "MatMul", inputs: [standing(graph, a, false), standing(graph, b, true)], type, dims });
  }
  if (!a.transposed && b.transposed) return graph.node({ op: "MatMul", inputs: [a.value, b.value], type, dims });
  const attributes = { transA: int(a.transposed ? 1 : 0), transB: int(b.transposed ? 0 : 1) };
  return graph.node({ op: "FusedMatMul", domain: MICROSOFT, inputs: [a.value, b.value], type, dims, attributes });
}

/** Gemm: a · bᵀ for two matrices. */
function gemm(graph: GraphBuilder, a: Matrix, b: Matrix): Value {
  const inputs = [a, b].map(({ value }) => graph.reshape(value, value.dims.slice(-2)));
  const attributes = { transA: int(a.transposed ? 1 : 0), transB: int(b.transposed ? 0 : 1) };
  return graph.node({ op: "Gemm", inputs, type: a.value.type, dims: [a.rows, b.rows], attributes });
}

/** The matrix for MatMul, which takes no flags: transposed where it does not stand the right way. */
function standing(graph: GraphBuilder, { value, rows, k, transposed }: Matrix, wantTransposed: boolean): Value {
  if (transposed === wantTransposed) return value;
  const dims = [value.dims[0] ?? 1, ...(wantTransposed ? [k, rows] : [rows, k])];
  return graph.node({
    op: "Transpose",
    inputs: [value],
    type: value.type,
    dims,
    attributes: { perm: ints([0, 2, 1]) },
  });
}

/** The definition itself, for what is no matrix product. */
function asSum(graph: GraphBuilder, x: View, y: View, shape: readonly number[]): View {
  const product = applyElementwise(graph, "Mul", [x, y], shape, x.dtype);
  return reduceView(graph, product, "Add", [shape.length - 1]);
}

function commonShape(x: View, y: View): number[] {
  const [a, b] = [shapeOf(x), shapeOf(y)];
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [p, q] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    return p === 1 ? q : p;
  });
}

/** The axes of both views in pieces of the same sizes; undefined where their cuts do not nest. */
function cutTogether(x: View, y: View): Pair[][] | undefined {
  const axes: Pair[][] = [];
  for (const [i, axis] of x.axes.entries()) {
    const [a, b] = [mergePieces(axis), mergePieces(y.axes[i] ?? [])];
    const pairs: Pair[] = [];
    while (a.length > 0 || b.length > 0) {
      const [p, q] = [a.pop(), b.pop()];
      if (p === undefined || q === undefined) return undefined;
      const size = Math.min(p.size, q.size);
      if (p.size % size !== 0 || q.size % size !== 0) return undefined;
      pairs.unshift([
        { size, stride: p.stride },
        { size, stride: q.stride },
      ]);
      if (p.size > size) a.push({ size: p.size / size, stride: p.stride * size });
      if (q.size > size) b.push({ size: q.size / size, stride: q.stride * size });
    }
    axes.push(pairs);
  }
  return axes;
}

function total(pairs: readonly Pair[]): number {
  return pairs.reduce((size, [piece]) => size * piece.size, 1);
}

function product(pieces: readonly Piece[]): number {
  return axisSize(pieces);
}
