import type { NDArray } from "@concord/engine";
import { erf, exp, stopGradient } from "@concord/engine";
import { withDerivative } from "./custom-derivative.ts";

/**
 * x Φ(x), with Φ the normal distribution function (Hendrycks and Gimpel 2016, arXiv:1606.08415), as torch.nn.GELU has it.
 * Its derivative is Φ(x) + x φ(x).
 */
export function gelu(x: NDArray): NDArray {
  const fixed = stopGradient(x);
  const scaled = fixed.mul(Math.SQRT1_2);
  const distribution = erf(scaled).mul(0.5).add(0.5);
  // φ(x) = exp(−x² / 2) / √(2π), with the factor inside the exponential: one pass less over a wide layer.
  const density = exp(
    scaled
      .mul(scaled)
      .neg()
      .add(-0.5 * Math.log(2 * Math.PI)),
  );
  const slope = stopGradient(distribution.add(fixed.mul(density)));
  return withDerivative(fixed.mul(distribution), x, (dx) => slope.mul(dx));
}
