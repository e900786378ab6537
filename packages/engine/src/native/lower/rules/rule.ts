import type { DType } from "../../../tensor.ts";
import type { Equation } from "../../trace/equations.ts";
import type { GraphBuilder } from "../graph.ts";
import type { View } from "../view.ts";

/** What one equation computes: views of its inputs to views of its outputs, with nodes added to the graph as needed. */
export type Rule = (call: Call) => readonly View[];

export interface Call {
  readonly graph: GraphBuilder;
  readonly equation: Equation;
  readonly inputs: readonly View[];
  /** Shape and dtype of the first output. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The order of axes, outermost first, in which the first output had best lie in memory; undefined if nobody cares. */
  readonly wish?: readonly number[] | undefined;
}

/** A view that the rule needs; throws where the equation has fewer inputs. */
export function inputAt({ inputs, equation }: Call, i: number): View {
  const view = inputs[i];
  if (view === undefined) throw new TypeError(`${equation.primitive}: input ${i} is missing`);
  return view;
}

/** A parameter of the equation, whose type is jax-js's contract. */
export function parameter<T>({ equation }: Call, name: string): T {
  return equation.parameters[name] as T;
}
