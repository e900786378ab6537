import { blobId } from "@concord/protocol";
import type { BlobStore } from "./store/blobs.ts";

/** A blob that a sweep leaves alone until `release` is called, whether or not a record names it. */
export interface Pinned {
  readonly sha256: string;
  readonly bytes: number;
  release(): void;
}

/**
 * The blob store with pins. A blob is stored before the record that names it, so between the two only a pin keeps it from
 * being swept.
 */
export interface Depot {
  /** `sha256` is the hash of the bytes where the caller has just worked it out: of a model that takes its time. */
  put(bytes: Uint8Array<ArrayBuffer>, sha256?: string): Promise<Pinned>;
  get(sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Bytes that were put since the last sweep began. */
  grown(): number;
  /** Removes what is neither pinned nor named by `referenced`; returns how many. */
  sweep(referenced: () => Promise<ReadonlySet<string>>): Promise<number>;
}

export function openDepot(blobs: BlobStore): Depot {
  const pins = new Map<string, number>();
  let puts = 0;
  let grown = 0;
  let sweeping: Promise<unknown> | undefined;
  let whenIdle: (() => void) | undefined;

  function pin(sha256: string): () => void {
    pins.set(sha256, (pins.get(sha256) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (pins.get(sha256) ?? 1) - 1;
      if (left === 0) pins.delete(sha256);
      else pins.set(sha256, left);
    };
  }

  return {
    async put(bytes, known) {
      const sha256 = known ?? (await blobId(bytes));
      const release = pin(sha256);
      // A put that finds its file present while a sweep is about to remove it would be lost: they take turns.
      while (sweeping !== undefined) await sweeping;
      puts++;
      grown += bytes.length;
      try {
        return { sha256: await blobs.put(bytes, sha256), bytes: bytes.length, release };
      } catch (error) {
        release();
        throw error;
      } finally {
        if (--puts === 0) whenIdle?.();
      }
    },
    get: (sha256) => blobs.get(sha256),
    grown: () => grown,
    async sweep(referenced) {
      while (sweeping !== undefined) await sweeping;
      const run = (async () => {
        if (puts > 0) await new Promise<void>((resolve) => (whenIdle = resolve));
        grown = 0;
        // Pins before references: a pin is released only when the record that names its blob is there.
        const keep = new Set(pins.keys());
        for (const sha256 of await referenced()) keep.add(sha256);
        return blobs.sweep(keep);
      })();
      sweeping = run.catch(() => undefined);
      try {
        return await run;
      } finally {
        sweeping = undefined;
        whenIdle = undefined;
      }
    },
  };
}
