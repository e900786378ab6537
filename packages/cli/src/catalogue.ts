import { key } from "@concord/engine";
import type { RatingsDataset } from "@concord/learning";
import { GENERATED_FILMS, generatedFilms } from "@concord/learning";
import { isRatingsName, loadRatings } from "@concord/learning/node";
import type { Catalogue } from "@concord/protocol";

/** Ratings with what else is known of the rated items. */
export interface Films {
  readonly ratings: RatingsDataset;
  /** Of each item; empty where the data set says nothing. */
  readonly genres: readonly (readonly string[])[];
}

const loaded = new Map<string, Promise<Films>>();

/** A data set of films by the name that it states, read or generated once. Rejects where it is not on this machine. */
export function films(name: string): Promise<Films> {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const loading = load(name);
  loaded.set(name, loading);
  loading.catch(() => loaded.delete(name));
  return loading;
}

/** What a coordinator tells visitors of a data set; undefined where its operator does not have it. */
export async function catalogueOf(dataset: string): Promise<Catalogue | undefined> {
  const found = await films(dataset).catch(() => undefined);
  if (found === undefined) return undefined;
  const { ratings, genres } = found;
  const popularity = new Int32Array(ratings.items);
  for (const item of ratings.known.items) popularity[item] = (popularity[item] ?? 0) + 1;
  return {
    name: ratings.name,
    generated: ratings.generated,
    scale: ratings.scale,
    items: ratings.itemIds.map((id, item) => ({
      id,
      title: ratings.itemNames?.[item] ?? id,
      genres: [...(genres[item] ?? [])],
      popularity: popularity[item] ?? 0,
    })),
  };
}

async function load(name: string): Promise<Films> {
  if (name === GENERATED_FILMS) return generatedFilms({ key: key("films") });
  if (!isRatingsName(name)) throw new Error(`"${name}" is no data set of ratings`);
  const ratings = await loadRatings(name);
  return { ratings, genres: ratings.itemIds.map(() => []) };
}
