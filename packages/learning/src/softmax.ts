import type { NDArray } from "@concord/engine";
import { exp, max, stopGradient, sum } from "@concord/engine";
import { withDerivative } from "./custom-derivative.ts";

/**
 * Softmax over the last axis, shifted by the maximum so that nothing overflows.
 * Its derivative in the form s ⊙ (dx − Σ s ⊙ dx), which needs the result only.
 */
export function softmax(x: NDArray): NDArray {
  const last = { axis: x.shape.length - 1, keepdims: true };
  const fixed = stopGradient(x);
  const weights = exp(fixed.sub(max(fixed, last)));
  const s = stopGradient(weights.div(sum(weights, last)));
  return withDerivative(s, x, (dx) => {
    const part = s.mul(dx);
    return part.sub(s.mul(sum(part, last)));
  });
}
