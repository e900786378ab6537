import { sizeOf } from "../../tensor.ts";
import type { Graph, ValueInfo } from "../onnx/model.ts";
import type { Equation, Equations, Operand, Variable } from "../trace/equations.ts";
import { UnsupportedPrimitive } from "../trace/unsupported.ts";
import { GraphBuilder } from "./graph.ts";
import { joinLanes } from "./lanes.ts";
import { contiguous } from "./layout.ts";
import { layoutWishes } from "./layout-wishes.ts";
import type { Peephole } from "./peepholes/names.ts";
import type { Match, Pattern } from "./peepholes/pattern.ts";
import { PATTERNS } from "./peepholes/patterns.ts";
import { RULES } from "./rules/table.ts";
import type { View } from "./view.ts";
import { scalarView, viewOf } from "./view.ts";

/**
 * Lowers a traced function to one ONNX graph with the given names of inputs and outputs.
 *
 * First backwards, from the outputs: which equations are needed, and where a pattern computes several of them at once. Then
 * forwards: one rule for each equation. Throws UnsupportedPrimitive, naming what has no rule.
 */
export function lower(
  name: string,
  traced: Equations,
  inputNames: readonly string[],
  outputNames: readonly string[],
  omitted: ReadonlySet<Peephole> = new Set(),
): Lowered {
  const graph = new GraphBuilder(omitted);
  const program = graph.uses("lanes") ? joinLanes(traced) : traced;
  const views = new Map<Variable, View>();
  const inputs: ValueInfo[] = program.inputs.map((variable, i) => {
    const { dtype: type, shape } = variable;
    const input = inputNames[i] ?? `input${i}`;
    views.set(variable, isEmpty(variable) ? scalarView(type, 0, shape) : viewOf(graph.input(input, type, shape), type));
    return { name: input, type, shape };
  });
  for (const { variable, value } of program.constants) views.set(variable, viewOf(graph.constant(value), value.dtype));

  const wishes = graph.uses("layout-wishes") ? layoutWishes(program) : new Map();
  const patterns = PATTERNS.filter(([peephole]) => graph.uses(peephole)).map(([, pattern]) => pattern);
  for (const step of plan(program, patterns)) {
    const { equation, match } = step;
    const arguments_ = (match?.inputs ?? equation.inputs).map((input) => viewOfOperand(views, input));
    const results =
      match === undefined
        ? apply(graph, equation, arguments_, wishes.get(equation.outputs[0]))
        : match.emit(graph, arguments_);
    for (const [i, output] of equation.outputs.entries()) {
      const view = results[i];
      if (view !== undefined) views.set(output, view);
    }
  }
  const outputs = program.outputs.map((output, i) => ({
    name: outputNames[i] ?? `output${i}`,
    value: contiguous(graph, viewOfOperand(views, output)),
  }));
  return { graph: graph.finish(name, inputs, outputs), work: graph.work };
}

export interface Lowered {
  readonly graph: Graph;
  /** Floating-point operations of one pass, roughly. */
  readonly work: number;
}

interface Step {
  readonly equation: Equation;
  readonly match: Match | undefined;
}

/** The equations that the outputs need, in order. */
function plan({ equations, outputs }: Equations, patterns: readonly Pattern[]): Step[] {
  const producers = new Map<Operand, Equation>();
  for (const equation of equations) {
    for (const output of equation.outputs) producers.set(output, equation);
  }
  const readers = new Map<Operand, number>();
  for (const read of [...equations.flatMap(({ inputs }) => inputs), ...outputs]) {
    readers.set(read, (readers.get(read) ?? 0) + 1);
  }
  const needed = new Set<Operand>(outputs);
  const steps: Step[] = [];
  for (const equation of equations.toReversed()) {
    if (!equation.outputs.some((output) => needed.has(output))) continue;
    const match = equation.outputs.some(isEmpty) ? undefined : findMatch(equation, patterns, producers, readers);
    for (const input of match?.inputs ?? equation.inputs) needed.add(input);
    steps.push({ equation, match });
  }
  return steps.reverse();
}

function findMatch(
  equation: Equation,
  patterns: readonly Pattern[],
  producers: ReadonlyMap<Operand, Equation>,
  readers: ReadonlyMap<Operand, number>,
): Match | undefined {
  for (const pattern of patterns) {
    const match = pattern(
      equation,
      (operand) => producers.get(operand),
      (operand) => readers.get(operand) ?? 0,
    );
    if (match !== undefined) return match;
  }
  return undefined;
}

function apply(
  graph: GraphBuilder,
  equation: Equation,
  inputs: readonly View[],
  wish: readonly number[] | undefined,
): readonly View[] {
  // Without elements there is nothing to compute.
  if (equation.outputs.every(isEmpty)) return equation.outputs.map(({ dtype, shape }) => scalarView(dtype, 0, shape));
  const rule = Object.hasOwn(RULES, equation.primitive) ? RULES[equation.primitive] : undefined;
  const [first] = equation.outputs;
  if (rule === undefined || first === undefined) throw new UnsupportedPrimitive(equation.primitive);
  return rule({ graph, equation, inputs, shape: first.shape, dtype: first.dtype, wish });
}

function viewOfOperand(views: ReadonlyMap<Variable, View>, operand: Operand): View {
  if (operand.kind === "literal") return scalarView(operand.dtype, operand.value);
  const view = views.get(operand);
  if (view === undefined) throw new TypeError("a value is read before it is computed");
  return view;
}

function isEmpty({ shape }: Variable): boolean {
  return sizeOf(shape) === 0;
}
