import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Places } from "../data/locate.node.ts";
import { cacheFolder } from "../data/locate.node.ts";
import type { TextFile } from "./movielens.ts";
import { movieLens1m, movieLens100k } from "./movielens.ts";
import type { RatingsDataset } from "./ratings.ts";

/** The data sets of ratings that Concord knows by name. */
export const RATINGS_NAMES = ["movielens-100k", "movielens-1m"] as const;
export type RatingsName = (typeof RATINGS_NAMES)[number];

/** True for the name of a data set of ratings. */
export function isRatingsName(name: string): name is RatingsName {
  return RATINGS_NAMES.some((known) => known === name);
}

/**
 * Loads MovieLens from `$CONCORD_DATA/<name>`, else `<cache>/data/<name>`; the folder may also have the publisher's name
 * (`ml-100k`, `ml-1m`). Its licence forbids passing it on, so every user gets it from grouplens.org.
 * Throws Error that says where it looked, SyntaxError or RangeError for a damaged file.
 */
export async function loadRatings(name: RatingsName, places: Places = {}): Promise<RatingsDataset> {
  const own = (places.env ?? process.env).CONCORD_DATA;
  const roots = [...(own ? [own] : []), join(cacheFolder(places), "data")];
  const folders = roots.flatMap((root) => [join(root, name), join(root, name.replace("movielens", "ml"))]);
  switch (name) {
    case "movielens-100k":
      return movieLens100k(
        await readFirst(folders, ["u.data"], "utf8"),
        await readFirst(folders, ["u.item"], "latin1"),
      );
    case "movielens-1m":
      return movieLens1m(
        await readFirst(folders, ["ratings.dat", "ratings-no-timestamp.csv.gz"], "utf8"),
        await readFirst(folders, ["movies.dat"], "latin1"),
      );
  }
}

async function readFirst(
  folders: readonly string[],
  names: readonly string[],
  encoding: BufferEncoding,
): Promise<TextFile> {
  for (const source of folders.flatMap((folder) => names.map((name) => join(folder, name)))) {
    try {
      const bytes = await readFile(source);
      const raw = source.endsWith(".gz") ? await promisify(gunzip)(bytes) : bytes;
      return { source, text: raw.toString(encoding) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new Error(
    `there is no ${names.join(" or ")} in ${folders.join(", ")}; get MovieLens from https://grouplens.org/datasets/movielens/ and set CONCORD_DATA to the folder that holds it`,
  );
}
