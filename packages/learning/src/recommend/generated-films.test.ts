import { key } from "@concord/engine";
import { expect, test } from "vitest";
import { generatedFilms } from "./generated-films.ts";
import { ratingsOf } from "./ratings.ts";

test("follows from its key alone, and says that it was generated", () => {
  const [once, again] = [generatedFilms({ key: key(1), users: 5 }), generatedFilms({ key: key(1), users: 5 })];
  expect(again).toEqual(once);
  expect(generatedFilms({ key: key(2), users: 5 }).ratings.known).not.toEqual(once.ratings.known);
  expect(once.ratings).toMatchObject({ generated: true, items: 200, size: 5, name: "generated films" });
});

test("titles are different, users have 20 to 59 ratings on the scale", () => {
  const { ratings, genres } = generatedFilms({ key: key(3), films: 400, users: 50 });
  expect(new Set(ratings.itemNames).size).toBe(400);
  expect(genres.every((of) => of.length === 1 || of.length === 2)).toBe(true);
  for (let user = 0; user < ratings.size; user++) {
    const count = ratingsOf(ratings.known, user).length;
    expect(count).toBeGreaterThanOrEqual(20);
    expect(count).toBeLessThan(60);
  }
  expect(new Set(ratings.known.values)).toEqual(new Set([1, 2, 3, 4, 5]));
});

test("users agree with themselves: what they think of a genre shows in all its films", () => {
  const { ratings, genres } = generatedFilms({ key: key(4) });
  // The mean product of a user's deviations from the film's mean, over pairs of films of one genre.
  const [sum, count] = [new Float64Array(ratings.items), new Float64Array(ratings.items)];
  for (const [n, item] of ratings.known.items.entries()) {
    sum[item] = (sum[item] as number) + (ratings.known.values[n] as number);
    count[item] = (count[item] as number) + 1;
  }
  const products: Record<"same" | "other", number[]> = { same: [], other: [] };
  for (let user = 0; user < ratings.size; user++) {
    const own = ratingsOf(ratings.known, user).map(({ item, value }) => ({
      genre: genres[item]?.join(),
      deviation: value - (sum[item] as number) / (count[item] as number),
    }));
    for (const [i, a] of own.entries()) {
      for (const b of own.slice(i + 1))
        products[a.genre === b.genre ? "same" : "other"].push(a.deviation * b.deviation);
    }
  }
  const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;
  expect(mean(products.same)).toBeGreaterThan(0.4);
  expect(Math.abs(mean(products.other))).toBeLessThan(0.2);
});

test("refuses more films than it has titles", () => {
  expect(() => generatedFilms({ key: key(1), films: 401 })).toThrow("titles for 1 to 400 films, not for 401");
});
