import type { NDArray } from "@concord/engine";
import { erf, exp, stopGradient } from "@concord/engine";
import { withDerivative } from "./custom-derivative.ts";

/**
 * x Φ(x), with Φ the normal distribution function (Hendrycks and Gimpel 2016, arXiv:1606.08415), as torch.nn.GELU has it.
 * Its derivative is Φ(x) + x φ(x).
 */
export function gelu(x: NDArray): NDArray {
  const fixed = stopGradient(x);
  const distribution = erf(fixed.mul(Math.SQRT1_2)).mul(0.5).add(0.5);
  const density = exp(fixed.mul(fixed).mul(-0.5)).mul(1 / Math.sqrt(2 * Math.PI));
  const slope = stopGradient(distribution.add(fixed.mul(density)));
  return withDerivative(fixed.mul(distribution), x, (dx) => slope.mul(dx));
}
