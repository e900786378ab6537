import type { DType } from "../../../tensor.ts";
import { UnsupportedPrimitive } from "../../trace/unsupported.ts";
import type { GraphBuilder, Value } from "../graph.ts";
import { int } from "../graph.ts";
import { concrete } from "../layout.ts";
import { orNaN } from "../not-a-number.ts";
import { poolingForm } from "../peepholes/pooling-form.ts";
import type { Axis, Piece, View } from "../view.ts";
import { isScalar, mergePieces, rowMajor, scalarView, shapeOf } from "../view.ts";
import { applyElementwise, cast } from "./elementwise.ts";
import type { Rule } from "./rule.ts";
import { inputAt, parameter } from "./rule.ts";

export type Reduction = "Add" | "Mul" | "Max" | "Min";

/** ReduceSum, ReduceProd, ReduceMax, ReduceMin; ReduceSumSquare for the NaN that the latter two lose */
export const reduce: Rule = (call) => {
  const op = parameter<Reduction>(call, "op");
  const axes = parameter<number[]>(call, "axis");
  const view = inputAt(call, 0);
  // Booleans are summed as "any" and multiplied as "all".
  if (view.dtype === "bool") {
    const ordered = { Add: "Max", Max: "Max", Mul: "Min", Min: "Min" }[op] as Reduction;
    return [cast(call.graph, reduceView(call.graph, cast(call.graph, view, "int32"), ordered, axes), "bool")];
  }
  return [reduceView(call.graph, view, op, axes)];
};

export function reduceView(graph: GraphBuilder, view: View, op: Reduction, axes: readonly number[]): View {
  const kept = view.axes.filter((_, i) => !axes.includes(i));
  const reduced = view.axes.filter((_, i) => axes.includes(i)).flat();
  const repeats = reduced.reduce((n, { size, stride }) => (stride === 0 ? n * size : n), 1);
  if (shapeOf(view).includes(0)) {
    return scalarView(
      view.dtype,
      neutral(op, view.dtype),
      kept.map((axis) => axis.reduce((n, p) => n * p.size, 1)),
    );
  }
  if (isScalar(view.source)) {
    const { value, vanishes } = view.source;
    const folded = repeated(op, value, repeats);
    return { ...view, axes: kept, source: { kind: "scalar", value: folded, vanishes: vanishes && op === "Add" } };
  }
  const held = concrete(graph, view);
  const pieces = taggedPieces(held.axes, axes);
  const result = reduceTensor(graph, held.source, pieces, op, view.dtype);
  const out: View = { dtype: view.dtype, source: result, axes: strides(held.axes, axes, pieces) };
  if (repeats === 1 || op === "Max" || op === "Min") return out;
  if (op === "Mul") throw new UnsupportedPrimitive("a product over a repeated axis");
  return applyElementwise(graph, "Mul", [out, scalarView(view.dtype, repeats)], shapeOf(out), view.dtype);
}

/** A piece of the tensor in its own order, and whether it disappears. */
interface TaggedPiece extends Piece {
  readonly reduced: boolean;
}

function taggedPieces(axes: readonly Axis[], reduced: readonly number[]): TaggedPiece[] {
  return axes
    .flatMap((axis, i) => mergePieces(axis).map((piece) => ({ ...piece, reduced: reduced.includes(i) })))
    .filter(({ stride }) => stride !== 0)
    .sort((a, b) => b.stride - a.stride);
}

function reduceTensor(
  graph: GraphBuilder,
  value: Value,
  pieces: readonly TaggedPiece[],
  op: Reduction,
  dtype: DType,
): Value {
  const groups: { size: number; reduced: boolean }[] = [];
  for (const { size, reduced } of pieces) {
    const last = groups.at(-1);
    if (last?.reduced === reduced) last.size *= size;
    else groups.push({ size, reduced });
  }
  if (!groups.some(({ reduced }) => reduced)) return value;
  const pooled = poolingForm(graph, value, groups, op);
  if (pooled !== undefined) return pooled;
  const source = graph.reshape(
    value,
    groups.map(({ size }) => size),
  );
  const gone = groups.flatMap(({ reduced }, i) => (reduced ? [i] : []));
  const dims = groups.filter(({ reduced }) => !reduced).map(({ size }) => size);
  const reduction = (operator: string) => {
    const inputs = [source, graph.integers(gone)];
    return graph.node({ op: operator, inputs, type: dtype, dims, attributes: { keepdims: int(0) } });
  };
  const result = reduction({ Add: "ReduceSum", Mul: "ReduceProd", Max: "ReduceMax", Min: "ReduceMin" }[op]);
  if (dtype === "int32" || op === "Add" || op === "Mul") return result;
  return orNaN(graph, result, reduction("ReduceSumSquare"));
}

/** The kept axes over the reduced tensor. */
function strides(axes: readonly Axis[], reduced: readonly number[], pieces: readonly TaggedPiece[]): Axis[] {
  const kept = pieces.filter((piece) => !piece.reduced);
  const fresh = rowMajor(kept.map(({ size }) => size));
  return axes
    .filter((_, i) => !reduced.includes(i))
    .map((axis) =>
      mergePieces(axis).map((piece) => {
        if (piece.stride === 0) return piece;
        const at = kept.findIndex(({ stride }) => stride === piece.stride);
        return fresh[at]?.[0] ?? piece;
      }),
    );
}

function repeated(op: Reduction, value: number, times: number): number {
  if (op === "Add") return Math.fround(value * times);
  return op === "Mul" ? Math.fround(value ** times) : value;
}

function neutral(op: Reduction, dtype: DType): number {
  const [low, high] = dtype === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : [-Infinity, Infinity];
  return { Add: 0, Mul: 1, Max: low, Min: high }[op];
}
