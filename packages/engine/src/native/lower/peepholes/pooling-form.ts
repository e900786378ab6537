import { float32, sizeOf } from "../../../tensor.ts";
import type { GraphBuilder, Value } from "../graph.ts";
import { int, ints } from "../graph.ts";
import { orNaN } from "../not-a-number.ts";
import { applyNode } from "./scale.ts";

/**
 * A reduction over blocks of pixels, [n, h, b, w, c] without b and c, as a pooling: MaxPool and AveragePool read rows,
 * where a Reduce over two inner axes computes an index for every element. The mean of ones and zeros is exact.
 * (A step of the CNN: 141 instead of 153 ms.)
 */
export function poolingForm(
  graph: GraphBuilder,
  value: Value,
  groups: readonly { readonly size: number; readonly reduced: boolean }[],
  op: "Add" | "Mul" | "Max" | "Min",
): Value | undefined {
  if (!graph.uses("pooling")) return undefined;
  const [inner, w, middle, h, ...outer] = groups.toReversed();
  if (inner === undefined || w === undefined || middle === undefined || h === undefined || outer.length > 0)
    return undefined;
  if (value.type !== "float32" || !inner.reduced || w.reduced || inner.size > 8 || middle.size > 8) return undefined;
  if (op !== "Max" && op !== "Add") return undefined;
  if (op === "Add" && graph.isIndicator(value) && graph.uses("tie-count"))
    return counted(graph, value, [h.size, middle.size, w.size, inner.size]);
  const size = inner.size * middle.size;
  // Sums come from a mean, which is exact only for powers of two.
  if (op === "Add" && (size & (size - 1)) !== 0) return undefined;
  const source = graph.reshape(value, [1, 1, h.size * middle.size, w.size * inner.size]);
  const window = ints([middle.size, inner.size]);
  const pooled = graph.node({
    op: op === "Max" ? "MaxPool" : "AveragePool",
    inputs: [source],
    type: "float32",
    dims: [1, 1, h.size, w.size],
    attributes: { kernel_shape: window, strides: window },
  });
  return op === "Max" ? poisoned(graph, pooled, source) : applyNode(graph, pooled, size);
}

/** Elements of the result that a NaN takes along, at most: shorter stretches are slow to choose between. */
const STRETCH = 256;

/**
 * MaxPool loses a NaN, which must not be hidden: here it makes a stretch of some rows of the result NaN, not only its window.
 * (Looking for it window by window takes four times as long as the pooling itself; the layer behind spreads it anyhow.)
 */
function poisoned(graph: GraphBuilder, pooled: Value, source: Value): Value {
  const [, , rows = 1, columns = 1] = pooled.dims;
  let together = 1;
  while (rows % (2 * together) === 0 && 2 * together * columns <= STRETCH) together *= 2;
  const stretches = rows / together;
  const inputs = [graph.reshape(source, [stretches, sizeOf(source.dims) / stretches]), graph.integers([1])];
  const attributes = { keepdims: int(1) };
  const squares = graph.node({ op: "ReduceSumSquare", inputs, type: "float32", dims: [stretches, 1], attributes });
  return orNaN(graph, graph.reshape(pooled, [stretches, together * columns]), squares);
}

/**
 * Ones counted in each block: a product with a 0/1 matrix, [h, b · w · c] · [b · w · c, w]. It is exact, because no infinity
 * or NaN can reach the other sums. (A step of the CNN: 141 instead of 151 ms.)
 */
function counted(
  graph: GraphBuilder,
  value: Value,
  [h = 1, b = 1, w = 1, c = 1]: readonly number[],
): Value | undefined {
  const row = b * w * c;
  if (row > 512) return undefined;
  const selection = Float32Array.from({ length: row * w }, (_, i) => {
    const [from, to] = [Math.floor(i / w), i % w];
    return Math.floor((from % (w * c)) / c) === to ? 1 : 0;
  });
  const inputs = [graph.reshape(value, [h, row]), graph.constant(float32([row, w], selection))];
  return graph.node({ op: "MatMul", inputs, type: "float32", dims: [h, w] });
}
