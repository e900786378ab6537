import { createHash } from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { writeDurably } from "@concord/engine/node";

export interface Derivation {
  /** File from which the bytes are derived. */
  readonly source: string;
  /** How; a new name when the derivation changes makes older results void. */
  readonly recipe: string;
  /** Where results are kept; without it they are derived every time. */
  readonly cacheDir: string | undefined;
  readonly derive: () => Promise<Uint8Array>;
}

const DIGEST_BYTES = 32;

/**
 * Bytes that are slow to derive from a file, kept between runs.
 *
 * A kept result is the SHA-256 of the bytes, then the bytes. Its name holds a hash of the source's path, size and time
 * of change and of the recipe; a result with another digest than it says is derived anew. It is written beside its
 * place and renamed, so that a run that is killed, or two at once, never leave half of one.
 */
export async function readDerived({ source, recipe, cacheDir, derive }: Derivation): Promise<Uint8Array> {
  if (cacheDir === undefined) return derive();
  const { size, mtimeMs } = await stat(source);
  const identity = sha256(Buffer.from(JSON.stringify([resolve(source), size, mtimeMs, recipe]))).toString("hex");
  const place = join(cacheDir, `${basename(source)}-${identity.slice(0, 16)}.derived`);
  const kept = await readKept(place);
  if (kept) return kept;

  const bytes = await derive();
  await mkdir(dirname(place), { recursive: true });
  await writeDurably(place, [sha256(bytes), bytes]);
  return bytes;
}

async function readKept(place: string): Promise<Uint8Array | undefined> {
  const file = await readFile(place).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
  if (!file || file.length < DIGEST_BYTES) return undefined;
  const bytes = file.subarray(DIGEST_BYTES);
  return sha256(bytes).equals(file.subarray(0, DIGEST_BYTES)) ? bytes : undefined;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
