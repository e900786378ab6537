import { sizeOf } from "../../tensor.ts";
import type { Graph } from "./model.ts";
import { ELEMENT_BYTES } from "./model.ts";
import type { Known } from "./shapes.ts";
import { inferShapes } from "./shapes.ts";

/** What one pass through a graph takes. */
export interface Cost {
  /** Floating-point operations, roughly; what only moves elements counts its elements. */
  readonly work: number;
  /** Bytes at the moment at which most values are alive, constants, inputs and outputs among them. */
  readonly memory: number;
  /** The largest tensor, of those that are made on the way. */
  readonly largest: { readonly name: string; readonly dims: readonly number[] };
}

/** Works out, without running it, what a graph takes. Throws ShapeError for one whose shapes do not fit. */
export function costOf(graph: Graph): Cost {
  const known = inferShapes(graph);
  const bytes = (name: string) => {
    const value = known.get(name);
    return value === undefined ? 0 : sizeOf(value.dims) * ELEMENT_BYTES[value.type];
  };
  const lastRead = new Map<string, number>();
  for (const [i, node] of graph.nodes.entries()) for (const input of node.inputs) lastRead.set(input, i);
  // What comes from outside, and what goes there, is nobody's to free.
  for (const { name } of [...graph.inputs, ...graph.outputs, ...graph.initializers])
    lastRead.set(name, graph.nodes.length);

  let work = 0;
  let alive = [...graph.inputs, ...graph.initializers].reduce((sum, { name }) => sum + bytes(name), 0);
  let memory = alive;
  for (const [i, { op, inputs, outputs }] of graph.nodes.entries()) {
    const [output = ""] = outputs;
    const read = inputs.map((name) => known.get(name)?.dims);
    work += operations(op, read, dimsOf(known, output));
    alive += bytes(output);
    memory = Math.max(memory, alive + workspace(op, read, dimsOf(known, output)));
    for (const name of new Set([...inputs, ...outputs])) if ((lastRead.get(name) ?? i) <= i) alive -= bytes(name);
  }
  const [largest] = [...known].toSorted(([, a], [, b]) => sizeOf(b.dims) - sizeOf(a.dims));
  return { work, memory, largest: { name: largest?.[0] ?? "", dims: largest?.[1].dims ?? [] } };
}

/** Multiplications and additions of a node, or the elements that it moves. */
export function operations(
  op: string,
  [a, b]: readonly (readonly number[] | undefined)[],
  dims: readonly number[],
): number {
  const size = sizeOf(dims);
  if (op === "Reshape") return 0;
  if (op === "Conv") return 2 * size * sizeOf(b?.slice(1) ?? []);
  if (op === "ConvTranspose") return 2 * sizeOf(a ?? []) * sizeOf(b?.slice(1) ?? []);
  if (op !== "Gemm" && op !== "MatMul" && op !== "FusedMatMul") return 4 * Math.max(size, sizeOf(a ?? []));
  // (m k)(k n)(m n) is (m k n)², for each matrix of a batch.
  const batch = Math.max(1, sizeOf(dims.slice(0, -2)));
  return 2 * Math.sqrt((sizeOf(a ?? []) * sizeOf(b ?? []) * size) / batch);
}

/** Bytes that a kernel takes for itself: a convolution writes the windows of one image as a matrix, a transposed one reads them. */
function workspace(
  op: string,
  [x, kernel]: readonly (readonly number[] | undefined)[],
  dims: readonly number[],
): number {
  if (op === "ConvTranspose") return 4 * sizeOf(kernel?.slice(1) ?? []) * sizeOf(x?.slice(2) ?? []);
  return op === "Conv" ? 4 * sizeOf(kernel?.slice(1) ?? []) * sizeOf(dims.slice(2)) : 0;
}

function dimsOf(known: ReadonlyMap<string, Known>, name: string): readonly number[] {
  return known.get(name)?.dims ?? [];
}
