import type { Tensor, TensorSpec, Tree } from "@concord/engine";
import { checkTree, decodeSafetensors, firstNonFinite, flatten, payloadBytes, treePayload } from "@concord/engine";
import type { BlobRef } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";

/** Room for the header of a safetensors file: names, shapes and offsets in JSON. */
const HEADER_BYTES = 64 * 1024;
const HEADER_BYTES_PER_TENSOR = 512;

/** What a party expects to come down. */
interface Expected {
  readonly name: string;
  readonly tensors: Tree<TensorSpec>;
}

/** The most bytes that a file with these tensors has. */
export function mostModelBytes(tensors: Tree<TensorSpec>): number {
  const leaves = flatten(tensors);
  const payload = leaves.reduce((sum, [, spec]) => sum + payloadBytes(spec), 0);
  return payload + HEADER_BYTES + HEADER_BYTES_PER_TENSOR * leaves.length;
}

/**
 * Refuses to download what cannot be these tensors of a task: a coordinator must not be able to fill a party's memory.
 * Throws ConcordError `payload_too_large`.
 */
export function checkModelSize({ name, tensors }: Expected, { bytes }: BlobRef): void {
  if (bytes > mostModelBytes(tensors)) {
    const needed = treePayload(tensors);
    throw new ConcordError("payload_too_large", `a model of ${bytes} bytes is offered; ${name} needs ${needed}`);
  }
}

/**
 * The model that a coordinator sent, which must have exactly these tensors, and finite values.
 * Throws ConcordError `invalid_argument` that says what is wrong with which tensor.
 */
export function readModel({ tensors: expected }: Expected, file: Uint8Array): Tree<Tensor> {
  try {
    const { tensors } = decodeSafetensors(file);
    checkTree("model", tensors, expected);
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
