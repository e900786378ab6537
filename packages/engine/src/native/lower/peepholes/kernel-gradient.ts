import type { GraphBuilder, Value } from "../graph.ts";
import { int } from "../graph.ts";
import { contiguous } from "../layout.ts";
import type { Convolution } from "../rules/conv.ts";
import { contract } from "../rules/dot.ts";
import { padded, slice } from "../rules/shape.ts";
import type { View } from "../view.ts";
import { reshapeView, shapeOf, transposeView, viewOf } from "../view.ts";

/**
 * The gradient of a convolution's kernel. Differentiation writes it as a convolution of the input with the gradient, which
 * is a "kernel" as large as the image and slides over a few places only: Conv would multiply matrices of nine columns.
 * Here the input's windows, one slice for each place, are joined to one matrix whose product with the gradient gives the
 * same sums.
 *
 * `x` is [C, N, H, W], the "kernel" [K, N, h, w], the result [C, K, places…].
 */
export function kernelGradient(
  graph: GraphBuilder,
  x: View,
  kernel: View,
  { strides, padding, kernelDilation }: Convolution,
  shape: readonly number[],
): View | undefined {
  const window = shapeOf(kernel).slice(2);
  const places = shape.slice(2);
  const count = (sizes: readonly number[]) => sizes.reduce((n, size) => n * size, 1);
  if (window.length !== 2 || [...strides, ...kernelDilation].some((step) => step !== 1)) return undefined;
  if (count(places) > 49 || count(window) < 4 * count(places)) return undefined;
  const [channels = 1, outputs = 1, rows = 1, columns = 1] = shape;
  const [, images = 1] = shapeOf(x);
  const [h = 1, w = 1] = window;
  const room = viewOf(contiguous(graph, padded(graph, x, [[0, 0], [0, 0], ...padding])), x.dtype);
  const windows: Value[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const part = slice(graph, room, [
        [0, channels],
        [0, images],
        [i, i + h],
        [j, j + w],
      ]);
      windows.push(graph.reshape(contiguous(graph, part), [channels, 1, images * h * w]));
    }
  }
  const all = graph.node({
    op: "Concat",
    inputs: windows,
    type: x.dtype,
    dims: [channels, rows * columns, images * h * w],
    attributes: { axis: int(1) },
  });
  // [1, C · places, N h w] · [K, 1, N h w]: a product that comes out in the layout of the kernel, [K, C, places].
  const left = reshapeView(viewOf(all, x.dtype), [1, channels * rows * columns, images * h * w]);
  const right = reshapeView(viewOf(contiguous(graph, kernel), x.dtype), [outputs, 1, images * h * w]);
  if (left === undefined || right === undefined) return undefined;
  const apart = reshapeView(contract(graph, right, left), [outputs, channels, rows, columns]);
  return apart && transposeView(apart, [1, 0, 2, 3]);
}
