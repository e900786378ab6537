import { describe, expect, it } from "vitest";
import { gather, subset } from "../data/index.ts";
import type { Rating } from "./ratings.ts";
import { activeItems, implicitFeedback, ratingsDataset, ratingsOf } from "./ratings.ts";

const options = { name: "films", scale: { min: 1, max: 5, step: 0.5 }, itemIds: ["heat", "alien", "amélie"] };
const ratings: readonly Rating[] = [
  { user: "ada", item: "amélie", value: 4.5 },
  { user: "bob", item: "heat", value: 1 },
  { user: "ada", item: "heat", value: 3 },
];

describe("a data set of ratings", () => {
  it("has one row for each user, in order of appearance, with items in the order of the catalogue", () => {
    const films = ratingsDataset(ratings, options);
    expect([films.size, films.items, films.userIds]).toEqual([2, 3, ["ada", "bob"]]);
    expect(ratingsOf(films.known, 0)).toEqual([
      { item: 0, value: 3 },
      { item: 2, value: 4.5 },
    ]);
    expect([...activeItems(films.known)]).toEqual([0, 2]);
  });

  it.each<[string, readonly Rating[], string]>([
    ["off the scale", [{ user: "ada", item: "heat", value: 5.5 }], 'rates item "heat" 5.5; the scale is 1 … 5'],
    ["between two steps", [{ user: "ada", item: "heat", value: 3.2 }], "in steps of 0.5"],
    ["not a number", [{ user: "ada", item: "heat", value: Number.NaN }], "NaN; the scale is"],
    ["of an unknown item", [{ user: "ada", item: "jaws", value: 3 }], '"jaws", which is not in the catalogue'],
    ["given twice", [...ratings, { user: "ada", item: "heat", value: 4 }], 'user "ada" rates item "heat" twice'],
  ])("refuses a rating %s", (_what, given, message) => {
    expect(() => ratingsDataset(given, options)).toThrow(message);
  });

  it("refuses a user without a rating, and one who is listed twice or not at all", () => {
    const withUsers = (userIds: readonly string[]) => () => ratingsDataset(ratings, { ...options, userIds });
    expect(withUsers(["ada", "bob", "eve"])).toThrow('user "eve" has no rating');
    expect(withUsers(["ada", "bob", "ada"])).toThrow('user "ada" is listed twice');
    expect(withUsers(["ada"])).toThrow('user "bob" is not among the users');
  });

  it("reads and takes users as other data sets do examples", () => {
    const films = ratingsDataset(ratings, options);
    const bob = subset(films, [1]);
    expect(bob.userIds).toEqual(["bob"]);
    expect(bob.targets).toBe(bob.known);
    const { x, y } = gather(films, [1, 0]);
    expect([...x.data]).toEqual([1, 0, 0, 3, 0, 4.5]);
    expect([...y.data]).toEqual([1, Number.NaN, Number.NaN, 3, Number.NaN, 4.5]);
    expect(() => subset(films, [2])).toThrow("have users 0 … 1, not 2");
  });

  it("turns ratings into likes and dislikes", () => {
    const liked = implicitFeedback(ratingsDataset(ratings, options), 3.5);
    expect([...liked.known.values]).toEqual([0, 1, 0]);
    expect([liked.feedback, liked.scale.max]).toEqual(["implicit", 1]);
  });
});
