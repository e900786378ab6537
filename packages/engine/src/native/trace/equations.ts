import type { DType, Tensor } from "../../tensor.ts";

/**
 * A traced function as straight-line code: every variable is assigned once, and nested functions are inlined.
 * Primitives and their parameters are those of jax-js.
 */
export interface Equations {
  readonly inputs: readonly Variable[];
  readonly constants: readonly { readonly variable: Variable; readonly value: Tensor }[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Operand[];
}

export interface Equation {
  readonly primitive: string;
  readonly inputs: readonly Operand[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly outputs: readonly Variable[];
}

export interface Variable {
  readonly kind: "variable";
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A number in the code; always a scalar. */
interface Literal {
  readonly kind: "literal";
  readonly dtype: DType;
  readonly shape: readonly [];
  readonly value: number;
}

export type Operand = Variable | Literal;
