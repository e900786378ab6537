import type { Tensor, Tree } from "@concord/engine";
import { decodeSafetensors, encodeSafetensors } from "@concord/engine";
import { z } from "zod";
import type { CoordinatorState } from "./algorithm.ts";
import type { Checkpoint } from "./simulator.ts";
import type { FederationSpec } from "./spec.ts";

const byteCount = z.number().min(0);
const trafficSchema = z.strictObject({
  payloadUp: byteCount,
  payloadDown: byteCount,
  indexUp: byteCount,
  indexDown: byteCount,
  wireUp: byteCount,
  wireDown: byteCount,
});
const purposesSchema = z.strictObject({ train: trafficSchema, evaluate: trafficSchema });

const recordSchema = z.strictObject({
  format: z.literal("concord-checkpoint-1"),
  spec: z.string(),
  round: z.int().min(0),
  parties: z.array(z.string()),
  traffic: z.record(z.string(), purposesSchema),
  history: z.array(
    z.strictObject({
      round: z.int().min(1),
      members: z.array(z.string()),
      trainLoss: z.number(),
      evaluation: z
        .strictObject({ accuracy: z.number().nullable(), loss: z.number().nullable(), examples: z.number() })
        .nullable(),
      traffic: purposesSchema,
    }),
  ),
});

/** A checkpoint as one safetensors file: tensors under `state` and `private`, records in its metadata. */
export function encodeCheckpoint(checkpoint: Checkpoint, spec: FederationSpec): Uint8Array<ArrayBuffer> {
  const { round, state, privateStates, traffic, history } = checkpoint;
  const parties = [...privateStates.keys()].sort();
  // A party's name may hold dots, which separate the names of a path: private trees go by number.
  const numbered = parties.map((party, i): [string, Tree<Tensor>] => [String(i), privateStates.get(party) ?? {}]);
  const record: z.input<typeof recordSchema> = {
    format: "concord-checkpoint-1",
    spec: identityOf(spec),
    round,
    parties,
    traffic: Object.fromEntries(traffic),
    history: [...history] as z.input<typeof recordSchema>["history"],
  };
  const tensors: Tree<Tensor> = { state, private: Object.fromEntries(numbered) };
  return encodeSafetensors(tensors, { concord: JSON.stringify(record) });
}

/**
 * Reads a checkpoint. Throws TypeError if it is none, or belongs to another specification (a checkpoint continues only
 * what it interrupted: the number of rounds may change, nothing else).
 */
export function decodeCheckpoint(bytes: Uint8Array, spec: FederationSpec): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const record = recordSchema.safeParse(parseJson(metadata.concord));
  if (!record.success) throw new TypeError("this file is no checkpoint of a simulation");
  if (record.data.spec !== identityOf(spec)) {
    throw new TypeError(
      "this checkpoint belongs to another configuration; start afresh or give the configuration it was made with",
    );
  }
  const { round, parties, traffic, history } = record.data;
  const privates = (tensors.private ?? {}) as Tree<Tensor>;
  return {
    round,
    state: tensors.state as CoordinatorState,
    privateStates: new Map(parties.map((party, i) => [party, (privates[String(i)] ?? {}) as Tree<Tensor>])),
    traffic: new Map(Object.entries(traffic)),
    history,
  };
}

/** What must agree between a checkpoint and the run that goes on from it. */
function identityOf({ name: _name, rounds: _rounds, ...rest }: FederationSpec): string {
  return JSON.stringify(rest);
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
