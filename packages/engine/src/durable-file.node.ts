import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Writes a file whole or not at all: whatever kills the process or the machine, the name stands for the old bytes or for
 * the new ones, and for the new ones once the promise has resolved. `mode` is that of a new file (default 0644).
 * Throws the error of the file system, leaving what was there.
 */
export async function writeDurably(
  path: string,
  content: string | Uint8Array | readonly Uint8Array[],
  mode = 0o644,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      for (const part of Array.isArray(content) ? content : [content]) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Removes what writers that were killed half-way have left in a folder. Only for one whose files nobody else writes at that moment.
 * A folder that is not there has nothing to remove.
 */
export async function removeUnfinished(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw error;
  }
  const unfinished = names.filter((name) => /\.[0-9a-f]{12}\.tmp$/.test(name));
  await Promise.all(unfinished.map((name) => rm(join(folder, name), { force: true })));
}

/** Brings the names in a folder to the disk. A file that was synced may still lose its name with the power. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder, and writes its entries by itself.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
