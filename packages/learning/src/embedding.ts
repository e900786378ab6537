import type { NDArray } from "@concord/engine";
import { matmul, oneHot, stopGradient, take } from "@concord/engine";
import { withDerivative } from "./custom-derivative.ts";

/**
 * Rows of a table: [rows, width] at int32 [n] to [n, width]. The gradient adds up what reaches a row as a product with one-hot
 * vectors: jax-js cannot compile the scatter that the chain rule would ask for.
 */
export function embedding(table: NDArray, indices: NDArray): NDArray {
  const [rows = 0] = table.shape;
  const chosen = stopGradient(oneHot(indices, rows));
  return withDerivative(take(table, indices), table, (change) => matmul(chosen, change));
}
