import { expect, it } from "vitest";
import { shownFilms } from "./shown-films.ts";

const film = (id: string, title: string, popularity: number) => ({ id, title, genres: [], popularity });
const catalogue = {
  name: "three films",
  generated: true,
  scale: { min: 1, max: 5, step: 1 },
  items: [film("1", "The Quiet Ferry", 5), film("2", "Amélie's Ferry", 9), film("3", "The Iron Quarry", 7)],
};
const ids = (films: readonly { readonly id: string }[]) => films.map(({ id }) => id);

it("shows the best known first", () => {
  expect(ids(shownFilms(catalogue, { text: "" }))).toEqual(["2", "3", "1"]);
});

it("finds all words in any order, whatever their case and accents", () => {
  expect(ids(shownFilms(catalogue, { text: " FERRY amelie" }))).toEqual(["2"]);
  expect(ids(shownFilms(catalogue, { text: "ferry" }))).toEqual(["2", "1"]);
  expect(shownFilms(catalogue, { text: "ferry quarry" })).toEqual([]);
});

it("shows only those that are asked for", () => {
  expect(ids(shownFilms(catalogue, { text: "", only: new Map([["1", 4]]) }))).toEqual(["1"]);
});
