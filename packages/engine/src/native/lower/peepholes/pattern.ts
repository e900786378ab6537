import type { Equation, Operand } from "../../trace/equations.ts";
import type { GraphBuilder } from "../graph.ts";
import type { View } from "../view.ts";

/** Recognises an equation together with those that feed it; undefined where it does not apply. */
export type Pattern = (equation: Equation, producer: Producer, readers: Readers) => Match | undefined;

/** How many equations and outputs read an operand. */
type Readers = (operand: Operand) => number;

/** The equation that computes an operand; undefined for inputs, constants and literals. */
export type Producer = (operand: Operand) => Equation | undefined;

export interface Match {
  /** What the replacement reads, instead of the inputs of the equation. */
  readonly inputs: readonly Operand[];
  readonly emit: (graph: GraphBuilder, inputs: readonly View[]) => readonly View[];
}

/** The inputs of the operand's equation if it is of this primitive, otherwise none. */
export function inputsOf(producer: Producer, operand: Operand | undefined, primitive: string): readonly Operand[] {
  const equation = operand && producer(operand);
  return equation?.primitive === primitive ? equation.inputs : [];
}

export function isNumber(operand: Operand | undefined, value: number): boolean {
  return operand?.kind === "literal" && operand.value === value;
}
