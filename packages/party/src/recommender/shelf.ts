import type { FederationSpec } from "@concord/federation";
import type { Catalogue } from "@concord/protocol";
import type { Identity } from "../identity.ts";
import type { PrivateEntry, PrivateStore } from "../private-state.ts";
import { kept } from "../private-state.ts";
import type { SentLog } from "./sent.ts";

/** A rating of the device's owner. */
export interface OwnRating {
  /** The item's id in the catalogue. */
  readonly item: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** What a recommender keeps on its own device. Only the updates that a party computes from it are ever sent. */
export interface Kept {
  /** Which federation this is, and what was agreed. */
  readonly home: { readonly origin: string; readonly federation: string; readonly spec: FederationSpec };
  /** The link that it came with: to take part, now or later. */
  readonly invite: string;
  readonly catalogue: Catalogue;
  /** The decoder that came down last: safetensors. */
  readonly model: Uint8Array<ArrayBuffer>;
  readonly ratings: readonly OwnRating[];
  /** Who it is in the federation, with its key; only while it takes part. */
  readonly identity: Identity;
  /** The owner's secret (`Identity.secret`), which stays the same when it leaves and joins again. */
  readonly secret: string;
  /** Its owner wants it to take part in no round for now. */
  readonly paused: boolean;
  /** What training has made of the private part. */
  readonly states: readonly PrivateEntry[];
  /** What has been sent so far. */
  readonly sent: SentLog;
}

/** Where it is kept: a few named values, which survive structured cloning. */
export interface Shelf {
  get<N extends keyof Kept>(name: N): Promise<Kept[N] | undefined>;
  /** Durable when it resolves. */
  put<N extends keyof Kept>(name: N, value: Kept[N]): Promise<void>;
  remove(name: keyof Kept): Promise<void>;
  /** Forgets everything. */
  clear(): Promise<void>;
}

/** A shelf for as long as the process lives. */
export function memoryShelf(): Shelf {
  const values = new Map<keyof Kept, unknown>();
  return {
    get: async <N extends keyof Kept>(name: N) => values.get(name) as Kept[N] | undefined,
    async put(name, value) {
      values.set(name, value);
    },
    async remove(name) {
      values.delete(name);
    },
    async clear() {
      values.clear();
    },
  };
}

/** The private store of the party, on the same shelf. */
export function statesOn(shelf: Shelf): PrivateStore {
  return {
    entries: async () => (await shelf.get("states")) ?? [],
    put: async (entry) => shelf.put("states", kept((await shelf.get("states")) ?? [], entry)),
    clear: () => shelf.remove("states"),
  };
}
