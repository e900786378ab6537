import { describe, expect, it } from "vitest";
import { movieLens1m, movieLens100k } from "./movielens.ts";
import { ratingsOf } from "./ratings.ts";

const items = { source: "u.item", text: "1|Toy Story (1995)|01-Jan-1995||url\n2|GoldenEye (1995)|…\n" };
const movies = { source: "movies.dat", text: "7::Heat (1995)::Crime\n12::Casino (1995)::Drama\n" };

describe("the files of MovieLens", () => {
  it("100K: tabs and times", () => {
    const set = movieLens100k({ source: "u.data", text: "20\t2\t3\t881250949\n3\t1\t5\t881250950\n" }, items);
    expect([set.size, set.items, set.userIds, set.itemNames?.[1]]).toEqual([2, 2, ["3", "20"], "GoldenEye (1995)"]);
    expect(ratingsOf(set.known, 1)).toEqual([{ item: 1, value: 3, time: 881250949 }]);
  });

  it("1M: as published and as a table without times, with the rated films as the catalogue", () => {
    const published = movieLens1m({ source: "ratings.dat", text: "1::12::4::978300760\n" }, movies);
    const table = movieLens1m({ source: "r.csv", text: "userId,movieId,rating,matSplit\n1,12,4,train\n" }, movies);
    expect([published.itemIds, published.itemNames]).toEqual([["12"], ["Casino (1995)"]]);
    expect(ratingsOf(table.known, 0)).toEqual([{ item: 0, value: 4 }]);
  });

  it.each([
    ["3\tx\t5\t1", "u.data, line 1"],
    ["3\t1\tgood\t1", '"good" is no rating'],
    ["3\t1\t5\tnoon", '"noon" is no time'],
    ["3\t1\t9\t1", "9; the scale is 1 … 5"],
    ["3\t8\t5\t1", 'item "8", which is not in the catalogue'],
  ])("a damaged line %j is an error that says where", (line, message) => {
    expect(() => movieLens100k({ source: "u.data", text: line }, items)).toThrow(message);
  });
});
