import { randomUUID } from "node:crypto";
import type { Dirent } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { syncFolder } from "@concord/engine/node";
import { blobId, blobIdSchema, ConcordError } from "@concord/protocol";
import type { BlobStore } from "./blobs.ts";

/** What a blob is called while it is written; one that is found when the folder is opened was never finished. */
const TEMPORARY = ".writing";
/** What a blob is called whose bytes do not have the hash that its name says. Kept for whoever looks into it. */
const DAMAGED = ".damaged";

/**
 * Blobs as files of a folder, made where there is none: `ab/cdef…` holds the bytes with the SHA-256 `abcdef…`.
 *
 * A file gets its name only when its bytes are on the disk, so there are no half-written blobs, whenever the process dies.
 * One process at a time may use a folder (the lock of the SQLite store beside it sees to that): what looks half-written
 * when the folder is opened is removed.
 *
 * Throws ConcordError `permission_denied` if the folder cannot be used. `put` throws ConcordError `resource_exhausted` if
 * the disk is full, and leaves nothing of the blob.
 */
export async function openBlobFiles(folder: string): Promise<BlobStore> {
  const root = resolve(folder);
  await translated(root, async () => {
    await mkdir(root, { recursive: true, mode: 0o700 });
    for (const file of await filesIn(root)) if (file.name.endsWith(TEMPORARY)) await rm(pathOf(file), { force: true });
  });

  const fileOf = (sha256: string) => join(root, sha256.slice(0, 2), sha256.slice(2));

  return {
    put: (bytes, known) =>
      translated(root, async () => {
        const sha256 = known ?? (await blobId(bytes));
        const file = fileOf(sha256);
        if (!(await holds(file, sha256))) await write(file, bytes);
        // A name is on the disk only when the folders that hold it are; also where the file or its folder was there
        // already, for whoever made it may not have come this far.
        await syncFolder(dirname(file));
        await syncFolder(root);
        return sha256;
      }),
    get: (sha256) => translated(root, async () => (isName(sha256) ? await read(fileOf(sha256), sha256) : undefined)),
    has: (sha256) => translated(root, async () => isName(sha256) && (await exists(fileOf(sha256)))),
    sweep: (keep) =>
      translated(root, async () => {
        let removed = 0;
        for (const file of await filesIn(root)) {
          const sha256 = nameOf(file);
          if (sha256 === undefined || keep.has(sha256)) continue;
          await rm(pathOf(file), { force: true });
          removed++;
        }
        return removed;
      }),
  };
}

/** Anything but a hash is the name of no blob, and never becomes part of a path. */
function isName(sha256: string): boolean {
  return blobIdSchema.safeParse(sha256).success;
}

async function write(file: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomUUID()}${TEMPORARY}`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The bytes of a file if they are what its name says. If not, the file is moved aside, so that a good one can come. */
async function read(file: string, sha256: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const { buffer, byteOffset, byteLength } = await readFile(file);
    bytes = new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  if ((await blobId(bytes)) === sha256) return bytes;
  await rename(file, file + DAMAGED);
  return undefined;
}

/** Checked to the last byte: a put promises that the blob is there, and a damaged file under its name is no blob. */
async function holds(file: string, sha256: string): Promise<boolean> {
  return (await read(file, sha256)) !== undefined;
}

async function exists(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** The files in the folders of two hex digits. Other folders are not ours. */
async function filesIn(root: string): Promise<Dirent[]> {
  const found: Dirent[] = [];
  for (const folder of await readdir(root, { withFileTypes: true })) {
    if (!folder.isDirectory() || !/^[0-9a-f]{2}$/.test(folder.name)) continue;
    const files = await readdir(pathOf(folder), { withFileTypes: true });
    found.push(...files.filter((file) => file.isFile()));
  }
  return found;
}

function pathOf(entry: Dirent): string {
  return join(entry.parentPath, entry.name);
}

/** The hash that a file's place says, or undefined for a file that is no blob. */
function nameOf(file: Dirent): string | undefined {
  const sha256 = basename(file.parentPath) + file.name;
  return isName(sha256) ? sha256 : undefined;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

/** Runs `work`; what the file system has against it becomes a ConcordError that names the folder. */
async function translated<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new ConcordError(
        "resource_exhausted",
        `there is no room left in ${root}: nothing of the blob was kept; free some space and repeat`,
        { cause: error },
      );
    }
    if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR" || code === "EEXIST") {
      throw new ConcordError("permission_denied", `the folder ${root} cannot be used (${code}): check who owns it`, {
        cause: error,
      });
    }
    throw error;
  }
}
