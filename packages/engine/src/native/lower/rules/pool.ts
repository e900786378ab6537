import type { GraphBuilder } from "../graph.ts";
import { int } from "../graph.ts";
import { contiguous, flattened } from "../layout.ts";
import type { View } from "../view.ts";
import { reshapeView, shapeOf, transposeView, viewOf } from "../view.ts";
import { applyElementwise } from "./elementwise.ts";
import type { Rule } from "./rule.ts";
import { inputAt, parameter } from "./rule.ts";
import { padded, slice } from "./shape.ts";

/**
 * Windows over the last axes: […, i] to […, o, k]. Bookkeeping where they do not overlap; otherwise one Slice for each place
 * in the window, joined by Concat.
 */
export const pool: Rule = (call) => {
  const { graph } = call;
  const window = parameter<number[]>(call, "window");
  const strides = parameter<number[]>(call, "strides");
  const x = inputAt(call, 0);
  const lead = x.axes.length - window.length;
  const apart = call.shape.slice(lead, lead + window.length);
  if (window.every((size, i) => size <= (strides[i] ?? 1))) return [blocks(graph, x, lead, apart, window, strides)];
  const parts = offsets(window).map((offset) => {
    const bounds = shapeOf(x).map((size, i): [number, number] => {
      if (i < lead) return [0, size];
      const start = offset[i - lead] ?? 0;
      return [start, start + ((apart[i - lead] ?? 1) - 1) * (strides[i - lead] ?? 1) + 1];
    });
    const part = contiguous(graph, slice(graph, x, bounds, [...x.axes.slice(0, lead).map(() => 1), ...strides]));
    return graph.reshape(part, [...part.dims, 1]);
  });
  const dims = [...shapeOf(x).slice(0, lead), ...apart, parts.length];
  const joined = graph.node({
    op: "Concat",
    inputs: parts,
    type: x.dtype,
    dims,
    attributes: { axis: int(dims.length - 1) },
  });
  return [reshapeView(viewOf(joined, x.dtype), call.shape) as View];
};

/** The transpose of {@link pool}: […, o, k] to […, i], adding what overlaps (Pad, Add). */
export const poolTranspose: Rule = (call) => {
  const { graph, dtype, shape } = call;
  const window = parameter<number[]>(call, "window");
  const strides = parameter<number[]>(call, "strides");
  const y = inputAt(call, 0);
  const lead = shape.length - window.length;
  const apart = shapeOf(y).slice(lead, lead + window.length);
  if (window.every((size, i) => size <= (strides[i] ?? 1)))
    return [joined(graph, y, lead, apart, window, strides, shape)];
  const ones = shape.slice(0, lead);
  const none = ones.map(() => [0, 0] as const);
  const terms = offsets(window).map((offset) => {
    const bounds = shapeOf(y).map((size, i): [number, number] => {
      const at = offset[i - lead - window.length];
      return at === undefined ? [0, size] : [at, at + 1];
    });
    const place = plain(graph, slice(graph, y, bounds), [...ones, ...apart.flatMap((size) => [size, 1])]);
    const spread = padded(graph, place, [
      ...none,
      ...strides.flatMap(
        (step) =>
          [
            [0, 0],
            [0, step - 1],
          ] as const,
      ),
    ]);
    const row = plain(graph, spread, [...ones, ...apart.map((size, i) => size * (strides[i] ?? 1))]);
    return padded(graph, row, [
      ...none,
      ...apart.map((size, i) => {
        const start = offset[i] ?? 0;
        return [start, (shape[lead + i] ?? 0) - start - size * (strides[i] ?? 1)] as const;
      }),
    ]);
  });
  return [terms.reduce((a, b) => applyElementwise(graph, "Add", [a, b], shape, dtype))];
};

/** Windows that do not overlap: the axis in blocks of one stride, of which the window is the beginning. */
function blocks(
  graph: GraphBuilder,
  x: View,
  lead: number,
  apart: readonly number[],
  window: readonly number[],
  strides: readonly number[],
): View {
  const shape = shapeOf(x);
  const none = shape.slice(0, lead).map(() => [0, 0] as const);
  const fitted = padded(graph, x, [
    ...none,
    ...apart.map((size, i) => [0, size * (strides[i] ?? 1) - (shape[lead + i] ?? 0)] as const),
  ]);
  const cut = plain(graph, fitted, [...shape.slice(0, lead), ...apart.flatMap((size, i) => [size, strides[i] ?? 1])]);
  const begun = slice(graph, cut, [
    ...shape.slice(0, lead).map((size) => [0, size] as const),
    ...apart.flatMap(
      (size, i) =>
        [
          [0, size],
          [0, window[i] ?? 1],
        ] as const,
    ),
  ]);
  const order = [...apart.map((_, i) => lead + 2 * i), ...apart.map((_, i) => lead + 2 * i + 1)];
  return transposeView(begun, [...none.map((_, i) => i), ...order]);
}

/** The inverse of {@link blocks}. */
function joined(
  graph: GraphBuilder,
  y: View,
  lead: number,
  apart: readonly number[],
  window: readonly number[],
  strides: readonly number[],
  shape: readonly number[],
): View {
  const none = shape.slice(0, lead).map(() => [0, 0] as const);
  const order = apart.flatMap((_, i) => [lead + i, lead + apart.length + i]);
  const woven = transposeView(y, [...none.map((_, i) => i), ...order]);
  const whole = padded(graph, woven, [
    ...none,
    ...strides.flatMap(
      (step, i) =>
        [
          [0, 0],
          [0, step - (window[i] ?? 1)],
        ] as const,
    ),
  ]);
  const row = plain(graph, whole, [...shape.slice(0, lead), ...apart.map((size, i) => size * (strides[i] ?? 1))]);
  return padded(graph, row, [
    ...none,
    ...apart.map((size, i) => [0, (shape[lead + i] ?? 0) - size * (strides[i] ?? 1)] as const),
  ]);
}

function plain(graph: GraphBuilder, view: View, shape: readonly number[]): View {
  return reshapeView(view, shape) ?? (reshapeView(flattened(graph, view), shape) as View);
}

/** Every place in a window, the last axis fastest. */
function offsets(window: readonly number[]): number[][] {
  return window.reduce<number[][]>(
    (places, size) => places.flatMap((place) => Array.from({ length: size }, (_, i) => [...place, i])),
    [[]],
  );
}
