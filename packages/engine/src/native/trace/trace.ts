import * as jax from "@jax-js/jax";
import { fetchArray } from "../../ndarray.ts";
import type { DType, Tensor, TensorSpec } from "../../tensor.ts";

import type { Equation, Equations, Operand, Variable } from "./equations.ts";
import { UnsupportedPrimitive } from "./unsupported.ts";

/** What jax-js calls a function over a flat list of arrays. */
export type FlatFunction = (...arrays: jax.Array[]) => jax.Array[];

/**
 * Traces a function at the given specs. jax-js must have been started (`init`).
 * Throws UnsupportedPrimitive for a dtype that the house has no tensors for.
 */
export async function trace(f: FlatFunction, specs: readonly TensorSpec[]): Promise<Equations> {
  const examples = specs.map(({ dtype, shape }) => jax.numpy.zeros([...shape], { dtype: dtype as jax.DType }));
  const make = jax.makeJaxpr(f as never) as unknown as (...arrays: jax.Array[]) => { jaxpr: jax.ClosedJaxpr };
  const { jaxpr: closed } = make(...examples);
  try {
    return await convert(closed);
  } finally {
    closed.dispose();
  }
}

async function convert(closed: jax.ClosedJaxpr): Promise<Equations> {
  const jaxpr = closed.jaxpr.flatten().simplify();
  const variables = new Map<object, Variable>();
  const binder = (v: JaxprVariable): Variable => {
    const known = variables.get(v);
    if (known !== undefined) return known;
    const made: Variable = { kind: "variable", dtype: dtypeOf(v.aval.dtype), shape: [...v.aval.shape] };
    variables.set(v, made);
    return made;
  };
  const operand = (atom: JaxprAtom): Operand =>
    "value" in atom ? { kind: "literal", dtype: dtypeOf(atom.aval.dtype), shape: [], value: atom.value } : binder(atom);

  const equations: Equation[] = jaxpr.eqns.map((eqn) => ({
    primitive: eqn.primitive,
    inputs: eqn.inputs.map(operand),
    parameters: eqn.params,
    outputs: eqn.outBinders.map(binder),
  }));
  const outputs = jaxpr.outs.map(operand);

  // Differentiation leaves constants behind that nothing reads, as large as the batch: they are not even computed.
  const read = new Set<Operand>([...equations.flatMap((equation) => equation.inputs), ...outputs]);
  const constants: { variable: Variable; value: Tensor }[] = [];
  for (const [i, array] of closed.consts.entries()) {
    const variable = binder(jaxpr.inBinders[i] as JaxprVariable);
    if (read.has(variable)) constants.push({ variable, value: await fetchArray((array as unknown as jax.Array).ref) });
  }
  return { inputs: jaxpr.inBinders.slice(closed.consts.length).map(binder), constants, equations, outputs };
}

/** The parts of jax-js's variables and literals that we read; its type file keeps their classes to itself. */
interface JaxprVariable {
  readonly aval: { readonly dtype: string; readonly shape: readonly number[] };
}
type JaxprAtom = JaxprVariable | (JaxprVariable & { readonly value: number });

function dtypeOf(dtype: string): DType {
  if (dtype === "float32" || dtype === "float64" || dtype === "int32" || dtype === "bool") return dtype;
  throw new UnsupportedPrimitive(`a value of dtype ${dtype}`);
}
