import { UnsupportedPrimitive } from "../../trace/unsupported.ts";
import type { GraphBuilder, Value } from "../graph.ts";
import { int, text } from "../graph.ts";
import { concrete, contiguous } from "../layout.ts";
import type { View } from "../view.ts";
import { alignedTo, scalarView, shapeOf, transposeView, viewOf } from "../view.ts";
import { applyElementwise, applyUnary } from "./elementwise.ts";
import type { Call, Rule } from "./rule.ts";
import { inputAt, parameter } from "./rule.ts";

/** Gather along one axis; several indexed axes are joined to one first. */
export const gather: Rule = (call) => {
  const { graph, dtype, shape } = call;
  const axes = parameter<number[]>(call, "axis");
  const outDim = parameter<number>(call, "outDim");
  const x = inputAt(call, 0);
  const table = leading(graph, x, axes);
  const index = linearIndex(
    call,
    axes.map((axis) => shapeOf(x)[axis] ?? 1),
  );
  const rest = shapeOf(x).filter((_, i) => !axes.includes(i));
  const picked = graph.node({
    op: "Gather",
    inputs: [table, contiguous(graph, index)],
    type: dtype,
    dims: [...shapeOf(index), ...rest],
    attributes: { axis: int(0) },
  });
  return [moveIndices(viewOf(picked, dtype), shapeOf(index).length, outDim, shape.length)];
};

/** ScatterND onto zeros, adding where an index comes twice. */
export const scatter: Rule = (call) => {
  const { graph, dtype } = call;
  const op = parameter<string>(call, "op");
  if (op !== "add") throw new UnsupportedPrimitive(`scatter with ${op}`);
  if (dtype === "bool") throw new UnsupportedPrimitive("scatter of booleans");
  const whole = parameter<number[]>(call, "shape");
  const axes = parameter<number[]>(call, "axis");
  const outDim = parameter<number>(call, "outDim");
  const updates = inputAt(call, 0);
  const sizes = axes.map((axis) => whole[axis] ?? 1);
  const index = linearIndex(call, sizes);
  const indexRank = shapeOf(index).length;
  const rank = shapeOf(updates).length;
  const front = Array.from({ length: indexRank }, (_, i) => outDim + i);
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => !front.includes(i));
  const rest = whole.filter((_, i) => !axes.includes(i));
  const count = shapeOf(index).reduce((n, size) => n * size, 1);
  const rows = sizes.reduce((n, size) => n * size, 1);
  const zeros = contiguous(graph, scalarView(dtype, 0, [rows, ...rest]));
  const wide = applyUnary(graph, "Cast", index, "int32", { to: int(7) });
  const places = { ...contiguous(graph, wide), type: "int64" as const };
  const added = graph.node({
    op: "ScatterND",
    inputs: [
      zeros,
      graph.reshape(places, [count, 1]),
      graph.reshape(contiguous(graph, transposeView(updates, [...front, ...others])), [count, ...rest]),
    ],
    type: dtype,
    dims: [rows, ...rest],
    attributes: { reduction: text("add") },
  });
  const apart = viewOf(graph.reshape(added, [...sizes, ...rest]), dtype);
  const order = whole.map((_, i) => {
    const at = axes.indexOf(i);
    return at >= 0 ? at : axes.length + whole.slice(0, i).filter((_, j) => !axes.includes(j)).length;
  });
  return [transposeView(apart, order)];
};

/** The indexed axes joined in front: [rows, …rest]. */
function leading(graph: GraphBuilder, x: View, axes: readonly number[]): Value {
  const rest = x.axes.map((_, i) => i).filter((i) => !axes.includes(i));
  const turned = transposeView(x, [...axes, ...rest]);
  const shape = shapeOf(turned);
  const rows = shape.slice(0, axes.length).reduce((n, size) => n * size, 1);
  return graph.reshape(contiguous(graph, turned), [rows, ...shape.slice(axes.length)]);
}

/** One index for the joined axes, in the broadcast shape of the given ones. */
function linearIndex(call: Call, sizes: readonly number[]): View {
  const { graph } = call;
  const indices = call.inputs.slice(1);
  const shape = indices.map(shapeOf).reduce(broadcastShapes);
  let linear: View | undefined;
  for (const [i, index] of indices.entries()) {
    const stretched = alignedTo(index, shape);
    linear =
      linear === undefined
        ? stretched
        : applyElementwise(
            graph,
            "Add",
            [applyElementwise(graph, "Mul", [linear, scalarView("int32", sizes[i] ?? 1)], shape, "int32"), stretched],
            shape,
            "int32",
          );
  }
  return concrete(graph, linear ?? inputAt(call, 1));
}

function moveIndices(view: View, count: number, outDim: number, rank: number): View {
  const rest = Array.from({ length: rank - count }, (_, i) => count + i);
  const front = Array.from({ length: count }, (_, i) => i);
  return transposeView(view, [...rest.slice(0, outDim), ...front, ...rest.slice(outDim)]);
}

function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [p, q] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    return p === 1 ? q : p;
  });
}
