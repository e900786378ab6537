import { tensor } from "@concord/engine";
import type { Batch } from "../data/dataset.ts";

/** The least and greatest rating, and the distance between two neighbouring ones. */
export interface RatingScale {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** Ratings by user, in compressed rows: those of user u are at starts[u] … starts[u + 1] − 1, items ascending. */
export interface RatingRows {
  /** [users + 1] */
  readonly starts: Int32Array<ArrayBuffer>;
  /** Columns of the catalogue, 0 … items − 1. */
  readonly items: Int32Array<ArrayBuffer>;
  readonly values: Float32Array<ArrayBuffer>;
  /** Seconds since 1970, where they are known. */
  readonly times?: Float64Array<ArrayBuffer>;
}

/**
 * Ratings of users for the items of one catalogue: one example is one user.
 *
 * `known` is what a model is shown and `targets` is what its predictions are compared with. To train on, both are the same
 * ratings; to evaluate on, `known` holds the training ratings and `targets` those held out. Users stand in the same order in
 * both. Immutable and shared freely.
 */
export interface RatingsDataset {
  readonly kind: "ratings";
  readonly name: string;
  /** Number of users. */
  readonly size: number;
  /** N: number of items. */
  readonly items: number;
  /** [N]: the shape of one input, a user's row. */
  readonly inputShape: readonly number[];
  /** There are none: targets are ratings. */
  readonly classes: 0;
  readonly classNames?: undefined;
  /** "explicit": ratings on the scale. "implicit": 1 for liked and 0 for not liked, among the rated items. */
  readonly feedback: "explicit" | "implicit";
  readonly scale: RatingScale;
  readonly known: RatingRows;
  readonly targets: RatingRows;
  /** What the publisher calls each user and each item. */
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** Titles, where there are any. */
  readonly itemNames?: readonly string[];
  /** True if the ratings were made by a program, not observed. */
  readonly generated: boolean;
}

/** One rating as a file or a page states it. */
export interface Rating {
  readonly user: string;
  readonly item: string;
  readonly value: number;
  /** Seconds since 1970. */
  readonly time?: number | undefined;
}

export interface RatingsOptions {
  readonly name: string;
  readonly scale: RatingScale;
  /** The items of the catalogue in the order of their columns. */
  readonly itemIds: readonly string[];
  readonly itemNames?: readonly string[] | undefined;
  /** The users in the order of their rows; those of the ratings in order of appearance where it is not given. */
  readonly userIds?: readonly string[] | undefined;
  readonly generated?: boolean | undefined;
}

/**
 * A data set of ratings to train on. Throws RangeError, naming user, item and value, for a rating off the scale, an item that is
 * not in the catalogue, a user who rates an item twice, and a user without a rating.
 */
export function ratingsDataset(ratings: readonly Rating[], options: RatingsOptions): RatingsDataset {
  const { name, scale, itemIds, itemNames, generated = false } = options;
  const complain = (what: string) => new RangeError(`ratings "${name}": ${what}`);
  const columns = indexOf(itemIds, (id) => complain(`item "${id}" is in the catalogue twice`));
  const userIds = options.userIds ?? [...new Set(ratings.map(({ user }) => user))];
  const rowOf = indexOf(userIds, (id) => complain(`user "${id}" is listed twice`));
  if (itemNames !== undefined && itemNames.length !== itemIds.length) {
    throw complain(`${itemIds.length} items but ${itemNames.length} names of items`);
  }
  const rows: Entry[][] = userIds.map(() => []);
  for (const { user, item, value, time } of ratings) {
    const column = columns.get(item);
    if (column === undefined) throw complain(`user "${user}" rates item "${item}", which is not in the catalogue`);
    if (!onScale(value, scale)) {
      const { min, max, step } = scale;
      throw complain(`user "${user}" rates item "${item}" ${value}; the scale is ${min} … ${max} in steps of ${step}`);
    }
    const row = rowOf.get(user);
    if (row === undefined) throw complain(`user "${user}" is not among the users`);
    rows[row]?.push({ item: column, value, time });
  }
  for (const [u, row] of rows.entries()) {
    if (row.length === 0) throw complain(`user "${userIds[u]}" has no rating; leave out users without one`);
    row.sort((a, b) => a.item - b.item);
    const twice = row.findIndex(({ item }, i) => item === row[i - 1]?.item);
    if (twice >= 0) throw complain(`user "${userIds[u]}" rates item "${itemIds[row[twice]?.item ?? 0]}" twice`);
  }
  const known = rowsOf(rows);
  return {
    kind: "ratings",
    name,
    size: userIds.length,
    items: itemIds.length,
    inputShape: [itemIds.length],
    classes: 0,
    feedback: "explicit",
    scale,
    known,
    targets: known,
    userIds,
    itemIds,
    ...(itemNames && { itemNames }),
    generated,
  };
}

/** An item (by column) with its rating. */
export interface Entry {
  readonly item: number;
  readonly value: number;
  readonly time?: number | undefined;
}

/** Rows in compressed form. Each must be ascending by item. */
export function rowsOf(rows: readonly (readonly Entry[])[]): RatingRows {
  const entries = rows.flat();
  const starts = new Int32Array(rows.length + 1);
  for (const [u, row] of rows.entries()) starts[u + 1] = (starts[u] ?? 0) + row.length;
  const timed = entries.length > 0 && entries.every(({ time }) => time !== undefined);
  return {
    starts,
    items: Int32Array.from(entries, ({ item }) => item),
    values: Float32Array.from(entries, ({ value }) => value),
    ...(timed && { times: Float64Array.from(entries, ({ time }) => time ?? 0) }),
  };
}

/** What user u (by row) has rated, items ascending. */
export function ratingsOf(rows: RatingRows, u: number): Entry[] {
  const { starts, items, values, times } = rows;
  const [from = 0, to = 0] = [starts[u], starts[u + 1]];
  return Array.from({ length: to - from }, (_, i) => ({
    item: items[from + i] as number,
    value: values[from + i] as number,
    ...(times && { time: times[from + i] as number }),
  }));
}

/** The given users, in that order; it shares no row with its origin. Throws RangeError for a user who is not there. */
export function subsetOfUsers(of: RatingsDataset, users: ArrayLike<number>): RatingsDataset {
  const chosen = Array.from(users);
  const stray = chosen.find((u) => !(Number.isInteger(u) && u >= 0 && u < of.size));
  if (stray !== undefined) throw new RangeError(`ratings "${of.name}" have users 0 … ${of.size - 1}, not ${stray}`);
  const pick = (rows: RatingRows) => rowsOf(chosen.map((u) => ratingsOf(rows, u)));
  const known = pick(of.known);
  return {
    ...of,
    size: chosen.length,
    known,
    targets: of.targets === of.known ? known : pick(of.targets),
    userIds: chosen.map((u) => of.userIds[u] as string),
  };
}

/**
 * Likes and dislikes among the rated items: 1 for a rating of `threshold` or more, otherwise 0. Items that were not rated
 * stay unknown; there is no sampling of negatives.
 */
export function implicitFeedback(of: RatingsDataset, threshold: number): RatingsDataset {
  const like = (rows: RatingRows): RatingRows => ({
    ...rows,
    values: rows.values.map((value) => (value >= threshold ? 1 : 0)),
  });
  const known = like(of.known);
  const targets = of.targets === of.known ? known : like(of.targets);
  return { ...of, feedback: "implicit", scale: { min: 0, max: 1, step: 1 }, known, targets };
}

/**
 * The rows of users as dense arrays [users, N]: what is known with 0 for the rest, and targets with NaN for the rest.
 */
export function denseRatings(of: RatingsDataset, users: ArrayLike<number>): Batch {
  const { items } = of;
  const fill = (rows: RatingRows, rest: number) => {
    const dense = new Float32Array(users.length * items).fill(rest);
    for (let i = 0; i < users.length; i++) {
      for (const { item, value } of ratingsOf(rows, users[i] as number)) dense[i * items + item] = value;
    }
    return tensor("float32", [users.length, items], dense);
  };
  return { x: fill(of.known, 0), y: fill(of.targets, Number.NaN) };
}

/** All items that somebody has rated, ascending: the active items A of these users. */
export function activeItems({ items }: RatingRows): Int32Array<ArrayBuffer> {
  return Int32Array.from(new Set(items)).sort();
}

function onScale(value: number, { min, max, step }: RatingScale): boolean {
  const steps = (value - min) / step;
  return value >= min && value <= max && Math.abs(steps - Math.round(steps)) < 1e-6;
}

function indexOf(ids: readonly string[], twice: (id: string) => Error): ReadonlyMap<string, number> {
  const index = new Map<string, number>();
  for (const [i, id] of ids.entries()) {
    if (index.has(id)) throw twice(id);
    index.set(id, i);
  }
  return index;
}
