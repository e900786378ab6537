import type { BlobStore, Store } from "../src/index.ts";

/** A moment at which a coordinator dies: at its n-th write, before the write has happened or after it, but unanswered. */
export interface Death {
  readonly write: number;
  readonly when: "before" | "after";
}

export interface Mortal {
  readonly store: Store;
  readonly blobs: BlobStore;
  /** Resolves when it has died. */
  readonly dead: Promise<void>;
  readonly isDead: () => boolean;
  /** Transactions and puts so far. */
  readonly writes: () => number;
}

/** Stores that behave as those of a process that is killed: from its death on nothing reaches what lies beneath. */
export function mortal(store: Store, blobs: BlobStore, death?: Death): Mortal {
  const dead = Promise.withResolvers<void>();
  let isDead = false;
  let writes = 0;

  async function write<T>(run: () => Promise<T>): Promise<T> {
    if (isDead) throw new Error("killed");
    const dies = ++writes === death?.write;
    if (dies && death?.when === "before") die();
    const result = isDead ? undefined : await run();
    if (dies) die();
    if (isDead) throw new Error("killed");
    return result as T;
  }
  function die(): void {
    isDead = true;
    dead.resolve();
  }

  return {
    store: { transaction: (work, how) => write(() => store.transaction(work, how)), close: async () => {} },
    blobs: {
      put: (bytes, sha256) => write(() => blobs.put(bytes, sha256)),
      get: (sha256) => (isDead ? Promise.reject(new Error("killed")) : blobs.get(sha256)),
      has: (sha256) => blobs.has(sha256),
      sweep: (keep) => write(() => blobs.sweep(keep)),
    },
    dead: dead.promise,
    isDead: () => isDead,
    writes: () => writes,
  };
}
