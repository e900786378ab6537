import type { Tensor, Tree } from "@concord/engine";
import { decodeSafetensors, encodeSafetensors } from "@concord/engine";
import type { CoordinatorState } from "@concord/federation";
import { ConcordError } from "@concord/protocol";
import type { Depot, Pinned } from "../depot.ts";

/** Stores an algorithm's state; the pin holds it until a record names it. */
export function putState(depot: Depot, state: CoordinatorState): Promise<Pinned> {
  return depot.put(encodeSafetensors(state));
}

/** Reads a state back to the bit. Throws ConcordError `internal` if its blob is missing or damaged. */
export async function getState(depot: Depot, sha256: string, federation: string): Promise<CoordinatorState> {
  const bytes = await depot.get(sha256);
  if (bytes === undefined) {
    throw new ConcordError("internal", `federation "${federation}": blob ${sha256}, its state, is missing or damaged`);
  }
  const { tensors } = decodeSafetensors(bytes);
  if (!isState(tensors)) {
    throw new ConcordError("internal", `federation "${federation}": blob ${sha256} is no state, it has no model`);
  }
  return tensors;
}

function isState(tree: Tree<Tensor>): tree is CoordinatorState {
  return typeof tree.model === "object";
}
