import { open } from "node:fs/promises";

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
