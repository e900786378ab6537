import type { TensorSpec, Tree } from "@concord/engine";
import type { Task } from "@concord/learning";
import type { Algorithm } from "./algorithm.ts";

/** Paths, shapes and dtypes of the global model: what comes down for an evaluation. */
export function modelSpecs(algorithm: Algorithm, task: Task): Tree<TensorSpec> {
  return algorithm.modelSpecs?.(task) ?? task.model.parameters;
}

/** The same of what comes down for a segment. */
export function downloadSpecs(algorithm: Algorithm, task: Task): Tree<TensorSpec> {
  return algorithm.downloadSpecs?.(task) ?? modelSpecs(algorithm, task);
}
