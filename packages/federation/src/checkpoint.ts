import type { Tensor, Tree } from "@concord/engine";
import { byCodeUnits, compareCodeUnits, decodeSafetensors, encodeSafetensors, isBranch } from "@concord/engine";
import { z } from "zod";
import type { CoordinatorState } from "./algorithm.ts";
import { trafficSchema } from "./communication.ts";
import { keepPrivate, openPrivate } from "./private-tree.ts";
import type { Checkpoint } from "./simulator.ts";
import type { FederationSpec } from "./spec.ts";

const purposesSchema = z.strictObject({ train: trafficSchema, evaluate: trafficSchema });
/** A loss may have overflowed, for which JSON has no number. */
const lossSchema = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);

const partySecondsSchema = z.strictObject({
  computing: z.number(),
  downloading: z.number(),
  uploading: z.number(),
  latency: z.number(),
  waiting: z.number(),
});

const recordSchema = z.strictObject({
  format: z.literal("concord-checkpoint-1"),
  spec: z.string(),
  round: z.int().min(0),
  /** Whose private states the file holds, in the order of their numbers. */
  parties: z.array(z.string()),
  traffic: z.array(z.tuple([z.string(), purposesSchema])),
  history: z.array(
    z.strictObject({
      round: z.int().min(1),
      members: z.array(z.string()),
      exchanges: z.int().min(1),
      group: z.strictObject({ parties: z.array(z.string()), divergence: z.number() }).optional(),
      trainLoss: lossSchema,
      evaluation: z
        .strictObject({
          accuracy: lossSchema.nullable(),
          loss: lossSchema.nullable(),
          examples: z.number(),
          metrics: z.record(z.string(), lossSchema).optional(),
        })
        .nullable(),
      traffic: purposesSchema,
      seconds: z.strictObject({ total: z.number(), parties: z.record(z.string(), partySecondsSchema) }).optional(),
    }),
  ),
});

/**
 * A checkpoint as one safetensors file: tensors under `state` and `private`, records in its metadata. Equal checkpoints
 * give equal bytes, whatever the order in which the parties came.
 */
export function encodeCheckpoint(checkpoint: Checkpoint, spec: FederationSpec): Uint8Array<ArrayBuffer> {
  const { round, state, privateStates, traffic, history } = checkpoint;
  const parties = [...privateStates.keys()].sort(compareCodeUnits);
  // A party's name may hold dots, which separate the names of a path: private trees go by number.
  const numbered = parties.map((party, i): [string, Tree<Tensor>] => [
    String(i),
    openPrivate(privateStates.get(party) ?? keepPrivate({})),
  ]);
  const record: z.input<typeof recordSchema> = {
    format: "concord-checkpoint-1",
    spec: identityOf(spec),
    round,
    parties,
    traffic: [...traffic].sort(byCodeUnits(([party]) => party)),
    history: [...history] as z.input<typeof recordSchema>["history"],
  };
  const tensors: Tree<Tensor> = { state, private: Object.fromEntries(numbered) };
  return encodeSafetensors(tensors, { concord: JSON.stringify(record, nonFiniteAsText) });
}

/**
 * Reads a checkpoint. Throws SafetensorsError if the file is damaged, TypeError if it is no checkpoint, or belongs to
 * another specification (a checkpoint continues only what it interrupted: the name and the number of rounds may change,
 * nothing else).
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
  const { state, private: privates = {} } = tensors;
  if (!isState(state)) throw new TypeError("this checkpoint holds no model");
  return {
    round,
    state,
    privateStates: new Map(
      parties.map((party, i) => [party, keepPrivate(((privates as Tree<Tensor>)[i] ?? {}) as Tree<Tensor>)]),
    ),
    traffic: new Map(traffic),
    history,
  };
}

/** What must agree between a checkpoint and the run that goes on from it, in whatever order its fields were written. */
function identityOf({ name: _name, rounds: _rounds, ...rest }: FederationSpec): string {
  return JSON.stringify(rest, fieldsInOrder);
}

function fieldsInOrder(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(byCodeUnits(([name]) => name)));
}

function nonFiniteAsText(_name: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function isState(node: Tensor | Tree<Tensor> | undefined): node is CoordinatorState {
  return node !== undefined && isBranch(node) && node.model !== undefined && isBranch(node.model);
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
