import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { CatalogEntry } from "./catalog.ts";
import { catalogEntry } from "./catalog.ts";

export interface Places {
  /** Environment variables: CONCORD_DATA, CONCORD_CACHE, XDG_CACHE_HOME. Default: those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Folder of Concord's cache. Default: CONCORD_CACHE, or else `concord` in the user's cache folder. */
  readonly cacheDir?: string | undefined;
}

/** A data set that is on none of the places where Concord looks. */
export class MissingDataError extends Error {
  override readonly name = "MissingDataError";
  readonly dataset: string;
  /** Folders that were searched. */
  readonly searched: readonly string[];

  constructor(
    entry: CatalogEntry,
    searched: readonly { readonly folder: string; readonly missing: readonly string[] }[],
    hint: string,
  ) {
    const where = searched.map(({ folder, missing }) => `${folder} (lacks ${missing.join(", ")})`).join("; ");
    super(`data set "${entry.name}" is not here. Looked in ${where}. ${hint}`);
    this.dataset = entry.name;
    this.searched = searched.map(({ folder }) => folder);
  }
}

/**
 * The folder that holds a data set: `$CONCORD_DATA/<folder>`, else `<cache>/data/<folder>`.
 * Throws MissingDataError that says what is missing where, and how to get it; RangeError for a name that is not known or
 * a data set that has no files.
 */
export async function locateDataset(name: string, places: Places = {}): Promise<string> {
  const entry = catalogEntry(name);
  if (entry.files.length === 0) throw new RangeError(`data set "${name}" is generated; it has no files`);
  const own = (places.env ?? process.env).CONCORD_DATA;
  const roots = [...(own ? [own] : []), join(cacheFolder(places), "data")];
  const candidates = roots.flatMap((root) => entry.folders.map((folder) => join(root, folder)));

  const searched: { folder: string; missing: readonly string[] }[] = [];
  for (const folder of candidates) {
    const missing = await missingFiles(entry, folder);
    if (missing.length === 0) return folder;
    searched.push({ folder, missing });
  }
  const hint = `\`concord data pull ${name}\` downloads it${own ? "" : ", or set CONCORD_DATA to the folder that holds your copy"}.`;
  throw new MissingDataError(entry, searched, hint);
}

/** Concord's cache folder, by the XDG Base Directory Specification (which has relative paths ignored). */
export function cacheFolder({ env = process.env, cacheDir }: Places = {}): string {
  if (cacheDir !== undefined) return cacheDir;
  if (env.CONCORD_CACHE) return env.CONCORD_CACHE;
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "concord");
}

/** The files of an entry for which neither they nor an alternative are in the folder. */
async function missingFiles(entry: CatalogEntry, folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (const file of entry.files) {
    const names = [file.name, ...(file.alternatives ?? [])];
    const there = await Promise.all(names.map((name) => exists(join(folder, name))));
    if (!there.includes(true)) missing.push(file.name);
  }
  return missing;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
