import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { z } from "zod";

/** The media type of tensors on the wire. */
export const TENSOR_MEDIA_TYPE = "application/vnd.concord.safetensors";

/** The name of a blob: the hex SHA-256 of its bytes. */
export const blobIdSchema = z.string().regex(/^[0-9a-f]{64}$/, "expected the SHA-256 of the bytes in lower-case hex");

/** A blob that a message points to: the bytes travel apart from it. */
export const blobRefSchema = z.object({ sha256: blobIdSchema, bytes: z.int().min(0) });
export type BlobRef = z.output<typeof blobRefSchema>;

/**
 * The name of some bytes. WebCrypto hashes a model several times faster, but browsers offer it on secure origins only.
 */
export async function blobId(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (globalThis.crypto?.subtle !== undefined) {
    return bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  }
  return bytesToHex(sha256(bytes));
}
