import type { Graph } from "../onnx/model.ts";

/** Operators that move elements without computing anything. */
const MOVES: ReadonlySet<string> = new Set(
  "Identity Reshape Transpose Slice Concat Expand Pad Gather Cast Resize ScatterND Where".split(" "),
);

/**
 * The values that are copies of one of the given inputs, each with the input's name: found by following operators that
 * only move elements.
 *
 * This catches carelessness and the plainest theft. A program can disguise a copy by arithmetic, which no such check can
 * see; that is why a party runs only programs whose hash it knows or its owner has approved.
 */
export function copiedInputs(graph: Graph, inputs: readonly string[]): Map<string, string> {
  const copies = new Map(inputs.map((name) => [name, name]));
  for (const { op, inputs: read, outputs } of graph.nodes) {
    if (!MOVES.has(op)) continue;
    const data = op === "Where" ? read.slice(1) : op === "Gather" ? read.slice(0, 1) : read;
    const source = data.map((name) => copies.get(name)).find((name) => name !== undefined);
    if (source !== undefined) for (const output of outputs) copies.set(output, source);
  }
  return copies;
}
