import type { DType } from "../../../tensor.ts";
import type { Attributes } from "../../onnx/model.ts";
import { TYPE_CODES } from "../../onnx/model.ts";
import { UnsupportedPrimitive } from "../../trace/unsupported.ts";
import type { GraphBuilder, Value } from "../graph.ts";
import { int } from "../graph.ts";
import { align, concrete } from "../layout.ts";
import type { View } from "../view.ts";
import { isScalar, scalarView, shapeOf } from "../view.ts";
import type { Call, Rule } from "./rule.ts";
import { inputAt, parameter } from "./rule.ts";

/** An operator that maps every element on its own: it runs on the tensor below, whatever the view. */
export function unary(op: string, attributes: Attributes = {}): Rule {
  return (call) => [applyUnary(call.graph, op, inputAt(call, 0), call.dtype, attributes)];
}

/** Like {@link unary} for operators that leave integers as they are. */
export function rounding(op: string): Rule {
  return (call) => (call.dtype === "int32" ? [inputAt(call, 0)] : unary(op)(call));
}

/** An operator of two inputs with NumPy's broadcasting, both in the dtype of the result. */
export function binary(
  op: string,
  { onBool, attributes = {} }: { onBool?: string; attributes?: Attributes } = {},
): Rule {
  return (call) => {
    const views = call.inputs.map((view) => cast(call.graph, view, call.dtype));
    if (call.dtype !== "bool") return [applyElementwise(call.graph, op, views, call.shape, call.dtype, attributes)];
    if (onBool === undefined) throw new UnsupportedPrimitive(`${call.equation.primitive} of booleans`);
    return [applyElementwise(call.graph, onBool, views, call.shape, "bool")];
  };
}

export const identity: Rule = (call) => [inputAt(call, 0)];

/** Add */
export const add: Rule = (call) => {
  const [x, y] = [inputAt(call, 0), inputAt(call, 1)];
  if (vanishes(x)) return [repeatTo(cast(call.graph, y, call.dtype), call.shape)];
  if (vanishes(y)) return [repeatTo(cast(call.graph, x, call.dtype), call.shape)];
  return foldNumbers(call, (a, b) => a + b) ?? binary("Add", { onBool: "Or" })(call);
};

/** Mul */
export const mul: Rule = (call) => {
  if (call.inputs.some(vanishes)) return [scalarView(call.dtype, 0, call.shape, true)];
  return foldNumbers(call, (a, b) => a * b) ?? binary("Mul", { onBool: "And" })(call);
};

/** Neg */
export const neg: Rule = (call) => {
  const x = inputAt(call, 0);
  if (isScalar(x.source)) return [{ ...x, source: { ...x.source, value: -x.source.value } }];
  return unary("Neg")(call);
};

/** Less, LessOrEqual, Equal; "not equal" is Not(Equal), which is true for NaN as it must be. */
export const compare: Rule = (call) => {
  const op = parameter<"less" | "equal" | "not_equal" | "less_equal">(call, "op");
  const common = promote(inputAt(call, 0), inputAt(call, 1), call);
  const ordered = op === "less" || op === "less_equal";
  // The order of booleans is that of 0 and 1.
  const dtype = common === "bool" && ordered ? "int32" : common;
  const views = call.inputs.map((view) => cast(call.graph, view, dtype));
  const operator = { less: "Less", less_equal: "LessOrEqual", equal: "Equal", not_equal: "Equal" }[op];
  const result = applyElementwise(call.graph, operator, views, call.shape, "bool");
  return [op === "not_equal" ? applyUnary(call.graph, "Not", result, "bool") : result];
};

/** Where */
export const where: Rule = (call) => {
  const { graph, shape, dtype } = call;
  const condition = inputAt(call, 0);
  const [x, y] = [cast(graph, inputAt(call, 1), dtype), cast(graph, inputAt(call, 2), dtype)];
  if (dtype !== "bool") return [applyElementwise(graph, "Where", [condition, x, y], shape, dtype)];
  const numbers = [condition, cast(graph, x, "int32"), cast(graph, y, "int32")];
  return [cast(graph, applyElementwise(graph, "Where", numbers, shape, "int32"), "bool")];
};

/** Cast */
export const castRule: Rule = (call) => [cast(call.graph, inputAt(call, 0), call.dtype)];

/** Div, cut towards zero: integers do so by themselves, other numbers by Floor or Ceil. */
export const integerDivision: Rule = (call) => {
  if (call.dtype === "int32") return [wholeDivision(call)];
  const [quotient] = binary("Div")(call);
  if (quotient === undefined) return [];
  const { graph, shape, dtype } = call;
  const negative = applyElementwise(graph, "Less", [quotient, scalarView(dtype, 0)], shape, "bool");
  const [up, down] = ["Ceil", "Floor"].map((op) => applyUnary(graph, op, quotient, dtype));
  return up && down ? [applyElementwise(graph, "Where", [negative, up, down], shape, dtype)] : [];
};

/**
 * A quotient of integers; by 0 the run fails. The processor ends the process where the least integer is divided by −1, since
 * the result has no place, so −1 never gets to Div: there the result is −x, which wraps around as sums do.
 */
function wholeDivision(call: Call): View {
  const { graph, shape, dtype } = call;
  const [x, y] = [cast(graph, inputAt(call, 0), dtype), cast(graph, inputAt(call, 1), dtype)];
  if (isScalar(y.source) && y.source.value !== -1) return applyElementwise(graph, "Div", [x, y], shape, dtype);
  const divisor = shapeOf(y);
  const turns = applyElementwise(graph, "Equal", [y, scalarView(dtype, -1)], divisor, "bool");
  const safe = applyElementwise(graph, "Where", [turns, scalarView(dtype, 1), y], divisor, dtype);
  const quotient = applyElementwise(graph, "Div", [x, safe], shape, dtype);
  return applyElementwise(graph, "Where", [turns, applyUnary(graph, "Neg", quotient, dtype), quotient], shape, dtype);
}

/** The view in another dtype (Cast); to bool, whatever is not zero is true. */
export function cast(graph: GraphBuilder, view: View, dtype: DType): View {
  if (view.dtype === dtype) return view;
  if (isScalar(view.source))
    return { ...view, dtype, source: { ...view.source, value: castNumber(view.source.value, dtype) } };
  const result = applyUnary(graph, "Cast", view, dtype, { to: int(TYPE_CODES[dtype]) });
  if (view.dtype === "bool") graph.markIndicator(result.source as Value);
  return result;
}

export function applyUnary(
  graph: GraphBuilder,
  op: string,
  view: View,
  dtype: DType,
  attributes: Attributes = {},
): View {
  const held = concrete(graph, view);
  const { dims } = held.source;
  return { ...held, dtype, source: graph.node({ op, inputs: [held.source], type: dtype, dims, attributes }) };
}

export function applyElementwise(
  graph: GraphBuilder,
  op: string,
  views: readonly View[],
  shape: readonly number[],
  dtype: DType,
  attributes: Attributes = {},
): View {
  const { values, dims, view } = align(graph, views, shape);
  return view(graph.node({ op, inputs: values, type: dtype, dims, attributes }), dtype);
}

export function vanishes(view: View): boolean {
  return isScalar(view.source) && view.source.vanishes;
}

/** The view in a shape that NumPy's broadcasting gives it. */
export function repeatTo(view: View, shape: readonly number[]): View {
  const missing = shape.length - view.axes.length;
  const axes = shape.map((size, i) => {
    const axis = view.axes[i - missing] ?? [];
    return axis.length === 0 && size !== 1 ? [{ size, stride: 0 }] : axis;
  });
  return { ...view, axes };
}

/** Two numbers give a number; a neutral element gives the other side. */
function foldNumbers(call: Call, f: (a: number, b: number) => number): View[] | undefined {
  const [x, y] = [inputAt(call, 0), inputAt(call, 1)];
  if (call.dtype !== "float32" || !isScalar(x.source) || !isScalar(y.source)) return undefined;
  return [scalarView(call.dtype, Math.fround(f(Math.fround(x.source.value), Math.fround(y.source.value))), call.shape)];
}

function castNumber(value: number, dtype: DType): number {
  switch (dtype) {
    case "bool":
      return value === 0 ? 0 : 1;
    case "int32":
      return Math.trunc(value);
    case "float32":
      return Math.fround(value);
    case "float64":
      return value;
  }
}

const RANK: Readonly<Record<DType, number>> = { bool: 0, int32: 1, float32: 2, float64: 3 };

/** The dtype in which two values are compared: the wider one; a literal follows the other side unless only it is a float. */
function promote(x: View, y: View, { equation }: Call): DType {
  const [a, b] = equation.inputs;
  const isFloat = (view: View) => RANK[view.dtype] >= 2;
  if (a?.kind === "literal" && b?.kind !== "literal" && (isFloat(y) || !isFloat(x))) return y.dtype;
  if (b?.kind === "literal" && a?.kind !== "literal" && (isFloat(x) || !isFloat(y))) return x.dtype;
  return RANK[x.dtype] >= RANK[y.dtype] ? x.dtype : y.dtype;
}
