import type { NDArray } from "@concord/engine";
import { stopGradient } from "@concord/engine";

/**
 * A value with a derivative of our own, for functions whose derivative has a better formula than the chain rule finds:
 *
 *     y = value + tangent(x − x),   where neither the value nor what `tangent` captures is differentiated
 *
 * `tangent` must be linear: it maps a small change of x to the change of y, and differentiation transposes it. Its
 * argument is zero in the forward pass, which the native back end knows and computes nothing for.
 *
 * Only the first derivative is right: a second one would take the captured numbers for constants.
 */
export function withDerivative(value: NDArray, x: NDArray, tangent: (change: NDArray) => NDArray): NDArray {
  return stopGradient(value).add(tangent(x.sub(stopGradient(x))));
}
