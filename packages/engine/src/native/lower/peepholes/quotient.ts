import { sizeOf } from "../../../tensor.ts";
import { applyElementwise } from "../rules/elementwise.ts";
import type { Pattern } from "./pattern.ts";
import { inputsOf } from "./pattern.ts";

/**
 * x · (1 / y) is Div: one pass instead of two, and one rounding instead of two. Not where y is smaller than x, as in a
 * normalisation: few reciprocals and a multiplication are faster than many divisions. (Autoencoder: 10.1 instead of 10.9 ms.)
 */
export const quotient: Pattern = (equation, producer) => {
  if (equation.primitive !== "mul") return undefined;
  const [out] = equation.outputs;
  if (out?.dtype !== "float32") return undefined;
  for (const [x, other] of [equation.inputs, equation.inputs.toReversed()]) {
    const [y] = inputsOf(producer, other, "reciprocal");
    if (x === undefined || y === undefined || x.dtype !== "float32" || sizeOf(y.shape) < sizeOf(out.shape)) continue;
    return {
      inputs: [x, y],
      emit: (graph, views) => [applyElementwise(graph, "Div", views, out.shape, out.dtype)],
    };
  }
  return undefined;
};
