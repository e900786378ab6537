import type { GraphBuilder, Value } from "../graph.ts";
import { text } from "../graph.ts";
import type { Piece } from "../view.ts";

/**
 * Pixels repeated in blocks, [n, h, 1, w, 1] to [n, h, b, w, b], as the gradient of a pooling needs: Resize "nearest" has
 * a loop of its own for it, where Expand moves runs of b elements. (A step of the CNN: 140
 * instead of 237 ms.)
 */
export function repeatPairs(graph: GraphBuilder, value: Value, pieces: readonly Piece[]): Value | undefined {
  if (!graph.uses("repeat-pairs")) return undefined;
  const [inner, w, middle, h] = pieces.toReversed();
  if (inner === undefined || w === undefined || middle === undefined || h === undefined) return undefined;
  if (value.type !== "float32" || inner.stride !== 0 || middle.stride !== 0 || w.stride === 0 || h.stride === 0)
    return undefined;
  const outer = pieces.slice(0, -4);
  if (inner.size > 4 || outer.some(({ stride }) => stride === 0)) return undefined;
  const n = outer.reduce((size, piece) => size * piece.size, 1);
  const dims = [1, n, h.size * middle.size, w.size * inner.size];
  return graph.node({
    op: "Resize",
    inputs: [graph.reshape(value, [1, n, h.size, w.size]), undefined, undefined, graph.integers(dims)],
    type: value.type,
    dims,
    attributes: {
      mode: text("nearest"),
      nearest_mode: text("floor"),
      coordinate_transformation_mode: text("asymmetric"),
    },
  });
}
