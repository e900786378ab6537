import type { GraphBuilder } from "../graph.ts";
import { int, ints } from "../graph.ts";
import { contiguous } from "../layout.ts";
import { kernelGradient } from "../peepholes/kernel-gradient.ts";
import type { View } from "../view.ts";
import { reshapeView, shapeOf, transposeView, viewOf } from "../view.ts";
import { cast } from "./elementwise.ts";
import type { Rule } from "./rule.ts";
import { inputAt, parameter } from "./rule.ts";
import { padded } from "./shape.ts";

/** The parameters of jax-js's convolution, the one of lax.conv_general_dilated; one entry for each spatial axis. */
export interface Convolution {
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly kernelDilation: readonly number[];
}

/** Conv; leading vmapped axes become groups, and zeros between the pixels (lhsDilation) are written out. */
export const conv: Rule = (call) => {
  const { graph, dtype, shape } = call;
  const mapped = parameter<number>(call, "vmapDims");
  const lhsDilation = parameter<number[]>(call, "lhsDilation");
  const how: Convolution = {
    strides: parameter(call, "strides"),
    padding: parameter(call, "padding"),
    kernelDilation: parameter(call, "rhsDilation"),
  };
  const x = dilated(graph, cast(graph, inputAt(call, 0), dtype), mapped + 2, lhsDilation);
  const kernel = cast(graph, inputAt(call, 1), dtype);
  if (mapped === 0) {
    const gradient = kernelGradient(graph, x, kernel, how, shape);
    if (gradient !== undefined) return [gradient];
    return [convolve(graph, x, kernel, how, 1)];
  }
  const [xShape, kernelShape] = [shapeOf(x), shapeOf(kernel)];
  const [batch = 1, channels = 1] = xShape.slice(mapped);
  const [outputs = 1] = kernelShape.slice(mapped);
  const groups = shape.slice(0, mapped).reduce((n, size) => n * size, 1);
  const grouped = regroup(graph, x, mapped, [batch, groups * channels, ...xShape.slice(mapped + 2)]);
  const kernels = flatten(graph, kernel, [groups * outputs, channels, ...kernelShape.slice(mapped + 2)]);
  const result = convolve(graph, grouped, kernels, how, groups);
  const spatial = shape.slice(mapped + 2);
  const apart = reshapeView(result, [batch, ...shape.slice(0, mapped), outputs, ...spatial]) as View;
  const order = [...Array.from({ length: mapped }, (_, i) => i + 1), 0, ...spatial.map((_, i) => mapped + 2 + i)];
  order.splice(mapped + 1, 0, mapped + 1);
  return [transposeView(apart, order)];
};

/** x [N, C, …] with kernel [K, C / groups, …]. */
function convolve(graph: GraphBuilder, x: View, kernel: View, how: Convolution, groups: number): View {
  const room = padded(graph, x, [
    [0, 0],
    [0, 0],
    ...how.padding.map(([before, after]) => [Math.min(0, before), Math.min(0, after)] as const),
  ]);
  const pads = how.padding.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const);
  const [n = 1, channels = 1, ...pixels] = shapeOf(room);
  const [outputs = 1, , ...window] = shapeOf(kernel);
  const spatial = pixels.map((size, i) => {
    const reach = ((window[i] ?? 1) - 1) * (how.kernelDilation[i] ?? 1) + 1;
    return Math.ceil((size + (pads[i]?.[0] ?? 0) + (pads[i]?.[1] ?? 0) - reach + 1) / (how.strides[i] ?? 1));
  });
  // ONNX wants one spatial axis at least.
  const plain = pixels.length === 0;
  const [input, weights] = [contiguous(graph, room), contiguous(graph, kernel)];
  const result = graph.node({
    op: "Conv",
    inputs: plain
      ? [graph.reshape(input, [n, channels, 1]), graph.reshape(weights, [outputs, channels / groups, 1])]
      : [input, weights],
    type: x.dtype,
    dims: plain ? [n, outputs, 1] : [n, outputs, ...spatial],
    attributes: plain
      ? { group: int(groups) }
      : {
          group: int(groups),
          kernel_shape: ints(window),
          strides: ints(how.strides),
          dilations: ints(how.kernelDilation),
          pads: ints([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]),
        },
  });
  return viewOf(graph.reshape(result, [n, outputs, ...spatial]), x.dtype);
}

/** Writes zeros between the elements of the axes from `first` on: the input of a transposed convolution. */
function dilated(graph: GraphBuilder, view: View, first: number, dilation: readonly number[]): View {
  if (dilation.every((step) => step === 1)) return view;
  const shape = shapeOf(view);
  const lead = shape.slice(0, first);
  const spatial = shape.slice(first);
  const apart = flatten(graph, view, [...lead, ...spatial.flatMap((size) => [size, 1])]);
  const none = lead.map(() => [0, 0] as const);
  const spread = padded(graph, apart, [
    ...none,
    ...dilation.flatMap(
      (step) =>
        [
          [0, 0],
          [0, step - 1],
        ] as const,
    ),
  ]);
  const joined = flatten(graph, spread, [...lead, ...spatial.map((size, i) => size * (dilation[i] ?? 1))]);
  // No zeros after the last element.
  return padded(graph, joined, [...none, ...dilation.map((step) => [0, 1 - step] as const)]);
}

/** [v…, N, C, …] to [N, v · C, …]. */
function regroup(graph: GraphBuilder, view: View, mapped: number, shape: readonly number[]): View {
  const rank = view.axes.length;
  const order = [
    mapped,
    ...Array.from({ length: mapped }, (_, i) => i),
    ...Array.from({ length: rank - mapped - 1 }, (_, i) => mapped + 1 + i),
  ];
  return flatten(graph, transposeView(view, order), shape);
}

function flatten(graph: GraphBuilder, view: View, shape: readonly number[]): View {
  return reshapeView(view, shape) ?? (reshapeView(viewOf(contiguous(graph, view), view.dtype), shape) as View);
}
