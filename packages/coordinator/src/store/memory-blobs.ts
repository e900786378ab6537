import { blobId } from "@concord/protocol";
import type { BlobStore } from "./blobs.ts";

/** Blobs that last as long as the process. */
export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    async put(bytes) {
      // Copied first: the caller may reuse its buffer while the hash is being made.
      const copy = bytes.slice();
      const sha256 = await blobId(copy);
      blobs.set(sha256, copy);
      return sha256;
    },
    get: async (sha256) => blobs.get(sha256)?.slice(),
    has: async (sha256) => blobs.has(sha256),
    async sweep(keep) {
      const unused = [...blobs.keys()].filter((sha256) => !keep.has(sha256));
      for (const sha256 of unused) blobs.delete(sha256);
      return unused.length;
    },
  };
}
