import type { GraphBuilder, Value } from "../graph.ts";
import { int } from "../graph.ts";
import { concrete, contiguous, flattened } from "../layout.ts";
import type { View } from "../view.ts";
import {
  axisSize,
  broadcastView,
  isScalar,
  mergePieces,
  reshapeView,
  scalarView,
  shapeOf,
  transposeView,
  viewOf,
} from "../view.ts";
import { cast } from "./elementwise.ts";
import type { Rule } from "./rule.ts";
import { inputAt, parameter } from "./rule.ts";

/** Bookkeeping; a Transpose only where the new axes begin inside old ones. */
export const reshape: Rule = (call) => {
  const shape = parameter<number[]>(call, "shape");
  const view = inputAt(call, 0);
  return [reshapeView(view, shape) ?? (reshapeView(flattened(call.graph, view), shape) as View)];
};

/** Bookkeeping. */
export const transpose: Rule = (call) => [transposeView(inputAt(call, 0), parameter<number[]>(call, "perm"))];

/** Bookkeeping. */
export const broadcast: Rule = (call) => [
  broadcastView(inputAt(call, 0), parameter<number[]>(call, "shape"), parameter<number[]>(call, "axis")),
];

/** Slice with step −1. */
export const flip: Rule = (call) => {
  const axes = parameter<number[]>(call, "axis");
  const view = inputAt(call, 0);
  if (isScalar(view.source)) return [view];
  return [onAxes(call.graph, view, axes, (value, at) => reversed(call.graph, value, axes.map(at)))];
};

/** Slice */
export const shrink: Rule = (call) => {
  const bounds = parameter<[number, number][]>(call, "slice");
  return [slice(call.graph, inputAt(call, 0), bounds)];
};

/** Pad with zeros (false). */
export const pad: Rule = (call) => [padded(call.graph, inputAt(call, 0), parameter<[number, number][]>(call, "width"))];

/** Concat */
export const concatenate: Rule = (call) => {
  const { graph, dtype, shape } = call;
  const axis = parameter<number>(call, "axis");
  const parts = call.inputs.filter((view) => !shapeOf(view).includes(0));
  const inputs = parts.map((view) => contiguous(graph, cast(graph, view, dtype)));
  if (inputs.length === 1) return [viewOf(inputs[0] as Value, dtype)];
  const joined = graph.node({ op: "Concat", inputs, type: dtype, dims: shape, attributes: { axis: int(axis) } });
  return [viewOf(joined, dtype)];
};

/** Slice, one for each part. */
export const split: Rule = (call) => {
  const axis = parameter<number>(call, "axis");
  const view = inputAt(call, 0);
  const shape = shapeOf(view);
  let start = 0;
  return parameter<number[]>(call, "sizes").map((size) => {
    const from = start;
    start += size;
    if (size === 0) return scalarView(view.dtype, 0, shape.with(axis, 0));
    return slice(
      call.graph,
      view,
      shape.map((whole, i) => (i === axis ? [from, from + size] : [0, whole])),
    );
  });
};

/** The part of a view between bounds, one pair for each axis (Slice), with a step for each axis. */
export function slice(
  graph: GraphBuilder,
  view: View,
  bounds: readonly (readonly [number, number])[],
  steps: readonly number[] = bounds.map(() => 1),
): View {
  const shape = shapeOf(view);
  const touched = shape
    .map((_, i) => i)
    .filter((i) => {
      const [start, end] = bounds[i] ?? [0, 0];
      return start !== 0 || end !== shape[i] || steps[i] !== 1;
    });
  if (touched.length === 0) return view;
  const sizeOf = (i: number) => {
    const [start, end] = bounds[i] ?? [0, 0];
    return Math.ceil((end - start) / (steps[i] ?? 1));
  };
  // A part of a repeat is a shorter repeat.
  const repeats = touched.filter((i) => isRepeat(view, i));
  const shorter = { ...view, axes: view.axes.map((axis, i) => (repeats.includes(i) ? repeatOf(sizeOf(i)) : axis)) };
  const cut = touched.filter((i) => !repeats.includes(i));
  if (cut.length === 0) return shorter;
  return onAxes(graph, shorter, cut, (value, at) => {
    const dims = [...value.dims];
    for (const i of cut) dims[at(i)] = sizeOf(i);
    const of = (pick: (i: number) => number) => graph.integers(cut.map(pick));
    const inputs = [
      value,
      of((i) => bounds[i]?.[0] ?? 0),
      of((i) => bounds[i]?.[1] ?? 0),
      of(at),
      of((i) => steps[i] ?? 1),
    ];
    return graph.node({ op: "Slice", inputs, type: value.type, dims });
  });
}

/** Pads a view with zeros, and cuts where a width is negative (Pad, Slice). */
export function padded(graph: GraphBuilder, view: View, widths: readonly (readonly [number, number])[]): View {
  const shape = shapeOf(view);
  const inner = slice(
    graph,
    view,
    shape.map((size, i) => [Math.max(0, -(widths[i]?.[0] ?? 0)), size - Math.max(0, -(widths[i]?.[1] ?? 0))]),
  );
  const grown = widths.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  const touched = grown.flatMap(([before, after], i) => (before === 0 && after === 0 ? [] : [i]));
  if (touched.length === 0) return inner;
  if (shapeOf(inner).includes(0))
    return scalarView(
      view.dtype,
      0,
      shapeOf(inner).map((size, i) => size + (grown[i]?.[0] ?? 0) + (grown[i]?.[1] ?? 0)),
    );
  // ONNX Runtime pads no booleans.
  const numbers = view.dtype === "bool" ? cast(graph, inner, "int32") : inner;
  const result = onAxes(graph, numbers, touched, (value, at) => {
    const before = value.dims.map(() => 0);
    const after = value.dims.map(() => 0);
    for (const i of touched) {
      before[at(i)] = grown[i]?.[0] ?? 0;
      after[at(i)] = grown[i]?.[1] ?? 0;
    }
    const dims = value.dims.map((size, d) => size + (before[d] ?? 0) + (after[d] ?? 0));
    return graph.node({ op: "Pad", inputs: [value, graph.integers([...before, ...after])], type: value.type, dims });
  });
  return view.dtype === "bool" ? cast(graph, result, "bool") : result;
}

/**
 * Runs an operator that works on some axes: on the tensor's own layout where every axis is one stretch of it, otherwise
 * on the elements in order. `at` tells where a logical axis stands in the value handed over.
 */
function onAxes(
  graph: GraphBuilder,
  view: View,
  touched: readonly number[],
  run: (value: Value, at: (axis: number) => number) => Value,
): View {
  const held = concrete(graph, view);
  const axes = held.axes.map(mergePieces);
  const plain = axes.every((axis, i) => axis.length <= 1 && !(touched.includes(i) && axis[0]?.stride === 0));
  if (!plain) {
    const touchedWritten = { ...held, axes: held.axes };
    return viewOf(
      run(contiguous(graph, touchedWritten), (axis) => axis),
      view.dtype,
    );
  }
  const strideOf = (i: number) => axes[i]?.[0]?.stride ?? 0;
  const order = axes.map((_, i) => i).sort((a, b) => strideOf(b) - strideOf(a));
  const value = graph.reshape(
    held.source,
    order.map((i) => (strideOf(i) === 0 ? 1 : axisSize(axes[i] ?? []))),
  );
  const result = viewOf(
    run(value, (axis) => order.indexOf(axis)),
    view.dtype,
  );
  const back = transposeView(
    result,
    axes.map((_, i) => order.indexOf(i)),
  );
  return {
    ...back,
    axes: back.axes.map((axis, i) => (strideOf(i) === 0 && !touched.includes(i) ? (axes[i] ?? []) : axis)),
  };
}

function isRepeat(view: View, i: number): boolean {
  const axis = view.axes[i] ?? [];
  return axis.length > 0 && axis.every(({ stride }) => stride === 0);
}

function repeatOf(size: number) {
  return size === 1 ? [] : [{ size, stride: 0 }];
}

function reversed(graph: GraphBuilder, value: Value, axes: readonly number[]): Value {
  const each = (pick: number) => graph.integers(axes.map(() => pick));
  // The end must lie before the first element, which no ordinary index does.
  const inputs = [value, each(-1), each(-(2 ** 31)), graph.integers(axes), each(-1)];
  return graph.node({ op: "Slice", inputs, type: value.type, dims: value.dims });
}
