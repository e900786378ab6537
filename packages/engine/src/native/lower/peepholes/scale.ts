import { float32 } from "../../../tensor.ts";
import type { GraphBuilder, Value } from "../graph.ts";

/** A tensor times a number (Mul). */
export function applyNode(graph: GraphBuilder, value: Value, factor: number): Value {
  return graph.node({
    op: "Mul",
    inputs: [value, graph.constant(float32([], [factor]))],
    type: value.type,
    dims: value.dims,
  });
}
