import type { Rating, RatingScale, RatingsDataset } from "./ratings.ts";
import { ratingsDataset } from "./ratings.ts";

/** A text file and where it is from, for messages. */
export interface TextFile {
  readonly source: string;
  readonly text: string;
}

const STARS: RatingScale = { min: 1, max: 5, step: 1 };

/**
 * MovieLens 100K: `u.data` (user, item, rating, time; tabs) and `u.item` (item | title | …). The catalogue is every item of
 * `u.item`. Throws SyntaxError, naming file and line, for a line that is not as published; RangeError as `ratingsDataset`.
 */
export function movieLens100k(data: TextFile, items: TextFile): RatingsDataset {
  const ratings = lines(data).map(([line, text]) => ratingOf(data.source, line, text.split("\t")));
  const films = lines(items).map(([, text]) => text.split("|"));
  return ratingsDataset(ratings, {
    name: "movielens-100k",
    scale: STARS,
    itemIds: films.map(([id = ""]) => id),
    itemNames: films.map(([, title = ""]) => title),
    userIds: idsInOrder(ratings.map(({ user }) => user)),
  });
}

/**
 * MovieLens 1M: ratings as published (`ratings.dat`: user::item::rating::time) or as a table with a header
 * (`userId,movieId,rating,…`, without times), and `movies.dat` (item::title::genres). The catalogue is every item that
 * somebody has rated. Throws as `movieLens100k`.
 */
export function movieLens1m(data: TextFile, items: TextFile): RatingsDataset {
  const [, first = ""] = lines(data)[0] ?? [];
  const isTable = first.startsWith("userId,");
  const ratings = lines(data)
    .slice(isTable ? 1 : 0)
    .map(([line, text]) => ratingOf(data.source, line, isTable ? text.split(",").slice(0, 3) : text.split("::")));
  const titles = new Map(lines(items).map(([, text]) => text.split("::") as [string, string]));
  const itemIds = idsInOrder(ratings.map(({ item }) => item));
  return ratingsDataset(ratings, {
    name: "movielens-1m",
    scale: STARS,
    itemIds,
    itemNames: itemIds.map((id) => titles.get(id) ?? id),
    userIds: idsInOrder(ratings.map(({ user }) => user)),
  });
}

function ratingOf(source: string, line: number, fields: readonly string[]): Rating {
  const [user = "", item = "", value = "", time] = fields;
  const complain = (what: string) => new SyntaxError(`${source}, line ${line}: ${what}`);
  if (!/^\d+$/.test(user) || !/^\d+$/.test(item))
    throw complain(`"${user}" and "${item}" should be numbers of user and item`);
  if (!/^\d+(\.\d+)?$/.test(value)) throw complain(`"${value}" is no rating`);
  if (time !== undefined && !/^\d+$/.test(time)) throw complain(`"${time}" is no time in seconds`);
  return { user, item, value: Number(value), ...(time !== undefined && { time: Number(time) }) };
}

/** Lines that hold something, with their numbers. */
function lines({ text }: TextFile): [number, string][] {
  return text
    .split(/\r?\n/)
    .map((line, i): [number, string] => [i + 1, line])
    .filter(([, line]) => line !== "");
}

function idsInOrder(ids: readonly string[]): string[] {
  return [...new Set(ids)].sort((a, b) => Number(a) - Number(b));
}
