import { expect, it } from "vitest";
import { byCodeUnits, compareCodeUnits } from "./code-units.ts";

it("orders names by code unit: no locale, no code points", () => {
  // U+1F600 is D83D DE00 in code units, so it comes before U+FB01; by code points it is the other way round.
  const names = ["", "10", "2", "B", "a", "a-b", "aa", "b", "ä", "\u{1F600}", "\uFB01"];
  expect(names.toReversed().sort(compareCodeUnits)).toEqual(names);
  const items = names.map((name) => ({ name }));
  expect(items.toReversed().sort(byCodeUnits(({ name }) => name))).toEqual(items);
});

it("leaves equal names in the order in which they came", () => {
  const items = [
    { name: "b", n: 1 },
    { name: "a", n: 2 },
    { name: "b", n: 3 },
  ];
  expect(items.sort(byCodeUnits(({ name }) => name)).map(({ n }) => n)).toEqual([2, 1, 3]);
});
