import type { Tensor, TensorSpec, Tree } from "@concord/engine";
import { checkTree, decodeSafetensors, firstNonFinite, flatten, treePayload } from "@concord/engine";
import type { Task } from "@concord/learning";
import type { BlobRef } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";

/** Room for the header of a safetensors file: names, shapes and offsets in JSON. */
const HEADER_BYTES = 64 * 1024;
const HEADER_BYTES_PER_TENSOR = 512;

/**
 * Refuses to download what cannot be these tensors of a task: a coordinator must not be able to fill a party's memory.
 * Throws ConcordError `payload_too_large`.
 */
export function checkModelSize({ model }: Task, specs: Tree<TensorSpec>, { bytes }: BlobRef): void {
  const payload = treePayload(specs);
  const most = payload + HEADER_BYTES + HEADER_BYTES_PER_TENSOR * flatten(specs).length;
  if (bytes > most) {
    throw new ConcordError("payload_too_large", `a model of ${bytes} bytes is offered; ${model.name} needs ${payload}`);
  }
}

/**
 * The model that a coordinator sent, which must have exactly these tensors, and finite values.
 * Throws ConcordError `invalid_argument` that says what is wrong with which tensor.
 */
export function readModel(specs: Tree<TensorSpec>, file: Uint8Array): Tree<Tensor> {
  try {
    const { tensors } = decodeSafetensors(file);
    checkTree("model", tensors, specs);
    for (const [path, leaf] of flatten(tensors)) {
      const at = firstNonFinite(leaf);
      if (at >= 0) throw new TypeError(`model: "${path}" holds ${leaf.data[at]} at element ${at}`);
    }
    return tensors;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConcordError("invalid_argument", `refused what the coordinator sent: ${why}`, {
      param: "model",
      cause: error,
    });
  }
}
