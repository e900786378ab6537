import { expect, it } from "vitest";
import { stableList } from "./stable-list.ts";

it("gives the same array for the same items", () => {
  const [a, b, c] = [{}, {}, {}];
  const stable = stableList<object>();
  const first = stable([a, b]);
  expect(stable([a, b])).toBe(first);
  expect(stable([b, a])).toEqual([b, a]);
  const longer = stable([a, b, c]);
  expect(longer).toHaveLength(3);
  expect(stable([a, b])).not.toBe(first);
});
