import type { Key, Rng } from "@concord/engine";
import { permutation, rng, split } from "@concord/engine";
import type { Rating, RatingsDataset } from "./ratings.ts";
import { ratingsDataset } from "./ratings.ts";

/** Films that nobody has made, and what users who do not exist think of them. */
export interface GeneratedFilms {
  readonly ratings: RatingsDataset;
  /** Of each film, in the order of the catalogue. */
  readonly genres: readonly (readonly string[])[];
}

export interface GeneratedFilmsOptions {
  readonly key: Key;
  /** At most 400: so many titles there are. 200 unless said otherwise. */
  readonly films?: number;
  /** 300 unless said otherwise. */
  readonly users?: number;
}

export const GENERATED_FILMS = "generated films";

const GENRES = ["Adventure", "Comedy", "Crime", "Drama", "Fantasy", "Romance", "Science fiction", "Western"] as const;
const FIRST =
  "Amber Broken Crooked Distant Empty Frozen Golden Hidden Iron Last Little Lonely Midnight Paper Quiet Restless Scarlet Silent Velvet Wandering";
const SECOND =
  "Accordion Bridge Carousel Detour Envelope Ferry Gardener Harbour Island Juggler Kingdom Lantern Meridian Notary Orchard Pilot Quarry Rehearsal Signal Tailor";

/**
 * A catalogue and its ratings, a function of the options alone: a rating is 3.3 + the film's quality + how much the user likes
 * its genres + noise, rounded to a star. Few films are rated often, many seldom.
 * Throws RangeError for more films than there are titles.
 */
export function generatedFilms({ key, films = 200, users = 300 }: GeneratedFilmsOptions): GeneratedFilms {
  const titles = titlesFor(films, split(key, "titles"));
  const random = rng(split(key, "films"));
  const catalogue = titles.map(() => ({
    genres: distinct(random, random.uniform() < 0.6 ? 1 : 2, GENRES.length),
    quality: 0.45 * random.normal(),
  }));
  const ratings: Rating[] = [];
  for (let user = 0; user < users; user++) {
    const own = rng(split(key, "user", user));
    const taste = GENRES.map(() => 0.9 * own.normal());
    for (const film of seen(own, films, 20 + own.below(40))) {
      const { genres, quality } = catalogue[film] as (typeof catalogue)[number];
      const liking = genres.reduce((sum, genre) => sum + (taste[genre] as number), 0) / Math.sqrt(genres.length);
      const stars = Math.round(3.3 + quality + liking + 0.5 * own.normal());
      ratings.push({ user: `${user + 1}`, item: `${film + 1}`, value: Math.min(5, Math.max(1, stars)) });
    }
  }
  return {
    genres: catalogue.map(({ genres }) => genres.map((genre) => GENRES[genre] as string)),
    ratings: ratingsDataset(ratings, {
      name: GENERATED_FILMS,
      scale: { min: 1, max: 5, step: 1 },
      itemIds: titles.map((_, film) => `${film + 1}`),
      itemNames: titles,
      generated: true,
    }),
  };
}

function titlesFor(films: number, key: Key): string[] {
  const [first, second] = [FIRST.split(" "), SECOND.split(" ")];
  const most = first.length * second.length;
  if (!(Number.isInteger(films) && films >= 1 && films <= most)) {
    throw new RangeError(`there are titles for 1 to ${most} films, not for ${films}`);
  }
  const order = permutation(rng(key), most).subarray(0, films);
  return Array.from(order, (n) => `The ${first[n % first.length]} ${second[Math.floor(n / first.length)]}`);
}

/** So many films, each once; film n is drawn with a weight of 1 / (n + 10). */
function seen(random: Rng, films: number, count: number): number[] {
  const drawn = Array.from({ length: films }, (_, film) => ({ film, at: -Math.log(random.uniform()) * (film + 10) }));
  const earliest = drawn.sort((a, b) => a.at - b.at).slice(0, count);
  return earliest.map(({ film }) => film);
}

/** So many different numbers below a bound, ascending. */
function distinct(random: Rng, count: number, bound: number): number[] {
  return Array.from(permutation(random, bound).subarray(0, count)).sort((a, b) => a - b);
}
