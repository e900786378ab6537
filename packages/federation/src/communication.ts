import type { TensorSpec, Tree } from "@concord/engine";
import { flatten, payloadBytes } from "@concord/engine";
import { z } from "zod";

const bytes = z.int().min(0);

/**
 * What a party sends and receives, in bytes.
 *
 * `payload` is tensor data alone and equals the papers' formulas; `index` is what says which rows a sparse update holds;
 * `wire` is everything that crosses the link for these messages, headers included.
 */
export const trafficSchema = z.object({
  payloadUp: bytes,
  payloadDown: bytes,
  indexUp: bytes,
  indexDown: bytes,
  wireUp: bytes,
  wireDown: bytes,
});
export type Traffic = Readonly<z.output<typeof trafficSchema>>;

/** Bytes of tensors by what they are for. */
export interface TreeBytes {
  /** Floating-point elements. */
  readonly payload: number;
  /** int32 elements: in an update they say which rows it holds. */
  readonly index: number;
}

/** The bytes of the tensors of a message. */
export function treeBytes(tree: Tree<TensorSpec>): TreeBytes {
  let [payload, index] = [0, 0];
  for (const [, leaf] of flatten(tree)) {
    if (leaf.dtype === "int32") index += payloadBytes(leaf);
    else payload += payloadBytes(leaf);
  }
  return { payload, index };
}

/** Traffic for training and for evaluation are kept apart: the papers' formulas count training only. */
export type Purpose = "train" | "evaluate";

export const NO_TRAFFIC: Traffic = { payloadUp: 0, payloadDown: 0, indexUp: 0, indexDown: 0, wireUp: 0, wireDown: 0 };

export function addTraffic(a: Traffic, b: Partial<Traffic>): Traffic {
  return {
    payloadUp: a.payloadUp + (b.payloadUp ?? 0),
    payloadDown: a.payloadDown + (b.payloadDown ?? 0),
    indexUp: a.indexUp + (b.indexUp ?? 0),
    indexDown: a.indexDown + (b.indexDown ?? 0),
    wireUp: a.wireUp + (b.wireUp ?? 0),
    wireDown: a.wireDown + (b.wireDown ?? 0),
  };
}

export function totalTraffic(parts: Iterable<Traffic>): Traffic {
  let total = NO_TRAFFIC;
  for (const part of parts) total = addTraffic(total, part);
  return total;
}
