import type { GraphBuilder, Value } from "../graph.ts";
import { int } from "../graph.ts";
import { contiguous } from "../layout.ts";
import type { Convolution } from "../rules/conv.ts";
import { contract } from "../rules/dot.ts";
import { reduceView } from "../rules/reduce.ts";
import { padded, slice } from "../rules/shape.ts";
import type { View } from "../view.ts";
import { reshapeView, shapeOf, transposeView, viewOf } from "../view.ts";

/**
 * The gradient of a convolution's kernel. Differentiation writes it as a convolution of the input with the gradient, which
 * is a "kernel" as large as the image and slides over a few places only: Conv would multiply matrices of nine columns.
 * Here the input's windows, one slice for each place, are joined to one matrix for each image, and a batched matrix product
 * with the gradient, summed over the images, gives the same sums.
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
  const room = padded(graph, transposeView(x, [1, 0, 2, 3]), [[0, 0], [0, 0], ...padding]);
  const windows: Value[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const part = slice(graph, room, [
        [0, images],
        [0, channels],
        [i, i + h],
        [j, j + w],
      ]);
      windows.push(contiguous(graph, part));
    }
  }
  const all = graph.node({
    op: "Concat",
    inputs: windows,
    type: x.dtype,
    dims: [images, rows * columns * channels, h, w],
    attributes: { axis: int(1) },
  });
  // [N, places · C, 1, h w] · [N, 1, K, h w], then the sum over the images.
  const left = reshapeView(viewOf(all, x.dtype), [images, rows * columns * channels, 1, h * w]);
  const turned = transposeView(kernel, [1, 0, 2, 3]);
  const right =
    reshapeView(turned, [images, 1, outputs, h * w]) ??
    viewOf(graph.reshape(contiguous(graph, turned), [images, 1, outputs, h * w]), x.dtype);
  if (left === undefined) return undefined;
  const products = contract(graph, left, right);
  const sums = reduceView(graph, products, "Add", [0]);
  const apart = reshapeView(sums, [rows, columns, channels, outputs]);
  return apart && transposeView(apart, [2, 3, 0, 1]);
}
