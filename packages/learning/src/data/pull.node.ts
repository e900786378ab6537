import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CatalogEntry } from "./catalog.ts";
import { catalogEntry } from "./catalog.ts";
import type { DownloadOptions } from "./download.node.ts";
import { download } from "./download.node.ts";
import type { Places } from "./locate.node.ts";
import { cacheFolder } from "./locate.node.ts";

export interface PullOptions extends DownloadOptions, Places {}

/**
 * Downloads the files of a data set from its publisher into the cache, unless they are there already; resolves to the
 * folder. A download that was cut goes on where it stopped. Every file is checked by its SHA-256 before it gets its name.
 * Throws DownloadError that says what went wrong at which address and what can be done; RangeError for a name that is
 * not known or a data set that has no files; the signal's reason where it aborts.
 */
export async function pullDataset(name: string, options: PullOptions = {}): Promise<string> {
  const entry = catalogEntry(name);
  if (entry.files.length === 0) throw new RangeError(`data set "${name}" is generated; there is nothing to download`);
  return pullEntry(entry, options);
}

/** `pullDataset` for an entry that need not be in the catalog (a mirror, a data set of one's own). */
export async function pullEntry(entry: CatalogEntry, options: PullOptions = {}): Promise<string> {
  const folder = join(cacheFolder(options), "data", entry.folders[0]);
  await mkdir(folder, { recursive: true });
  for (const file of entry.files) await download(file, folder, options);
  return folder;
}
