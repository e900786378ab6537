import type { GraphBuilder, Value } from "./graph.ts";

/**
 * The result, or NaN where the sum of the squares is: the maximum of anything and NaN is NaN, but the kernels for maxima and
 * minima lose it. Squares cannot cancel, so their sum is NaN for a NaN only, not for infinities.
 */
export function orNaN(graph: GraphBuilder, result: Value, squares: Value): Value {
  const sound = graph.node({ op: "Equal", inputs: [squares, squares], type: "bool", dims: squares.dims });
  return graph.node({ op: "Where", inputs: [sound, result, squares], type: result.type, dims: result.dims });
}
