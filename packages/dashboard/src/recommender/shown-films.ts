import type { RecommenderHome } from "./tab-recommender.ts";

type Catalogue = RecommenderHome["catalogue"];

export interface Shown {
  readonly text: string;
  /** Only these, by id. */
  readonly only?: ReadonlyMap<string, unknown> | undefined;
}

/** The films whose title holds all words of a text, those rated most often first. Case and accents make no difference. */
export function shownFilms({ items }: Catalogue, { text, only }: Shown): Catalogue["items"] {
  const words = plain(text).split(/\s+/);
  return items
    .filter(({ id, title }) => (only?.has(id) ?? true) && words.every((word) => plain(title).includes(word)))
    .sort((a, b) => b.popularity - a.popularity);
}

function plain(text: string): string {
  return text.trim().toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "");
}
