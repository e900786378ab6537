import { applyElementwise, cast, repeatTo, vanishes } from "../rules/elementwise.ts";
import { scalarView } from "../view.ts";
import type { Pattern } from "./pattern.ts";
import { inputsOf } from "./pattern.ts";

/**
 * x + (−y) is Sub, to the bit; and x − stop_gradient(x) is the zero that custom derivatives multiply with.
 * (A step of the GPT: 131 instead of 160 ms; of the MLP with batch 32: 0.65 instead of 0.86.)
 */
export const difference: Pattern = (equation, producer) => {
  if (equation.primitive !== "add") return undefined;
  const [out] = equation.outputs;
  if (out === undefined || out.dtype === "bool") return undefined;
  for (const [x, other] of [equation.inputs, equation.inputs.toReversed()]) {
    const [y] = inputsOf(producer, other, "neg");
    if (x === undefined || y === undefined) continue;
    if (inputsOf(producer, y, "stop_gradient")[0] === x) {
      return { inputs: [], emit: () => [scalarView(out.dtype, 0, out.shape, true)] };
    }
    return {
      inputs: [x, y],
      emit: (graph, views) => {
        const same = views.map((view) => cast(graph, view, out.dtype));
        const [a, b] = same;
        if (a !== undefined && b !== undefined && vanishes(b)) return [repeatTo(a, out.shape)];
        return [applyElementwise(graph, "Sub", same, out.shape, out.dtype)];
      },
    };
  }
  return undefined;
};
