import type { Tensor, Tree } from "@concord/engine";
import { encodeSafetensors, treePayload } from "@concord/engine";
import type { Depot } from "../depot.ts";

/** What goes down to a party, as bytes. */
export interface Download {
  readonly sha256: string;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Bytes of the tensors alone. */
  readonly payload: number;
}

/** Encodes, hashes and stores each tree once: a hundred parties that get the same model cost as much as one. */
export interface Downloads {
  of(tree: Tree<Tensor>): Promise<Download>;
  /** The bytes of a download of the current state. */
  find(sha256: string): Download | undefined;
  /** Forgets everything: the state has changed. Leases keep the blobs that they name. */
  clear(): void;
}

export function downloads(depot: Depot): Downloads {
  let byTree = new WeakMap<Tree<Tensor>, Promise<Download>>();
  const byHash = new Map<string, Download>();
  let releases: (() => void)[] = [];

  async function store(tree: Tree<Tensor>): Promise<Download> {
    const content = encodeSafetensors(tree);
    const { sha256, release } = await depot.put(content);
    const payload = treePayload(tree);
    const download = { sha256, content, payload };
    byHash.set(sha256, download);
    releases.push(release);
    return download;
  }

  return {
    of(tree) {
      const known = byTree.get(tree);
      if (known !== undefined) return known;
      const made = store(tree);
      byTree.set(tree, made);
      // A full disk may have room again the next time.
      made.catch(() => byTree.delete(tree));
      return made;
    },
    find: (sha256) => byHash.get(sha256),
    clear() {
      byTree = new WeakMap();
      byHash.clear();
      for (const release of releases) release();
      releases = [];
    },
  };
}
