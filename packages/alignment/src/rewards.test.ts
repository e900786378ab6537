import { describe, expect, it } from "vitest";
import { parsePalette } from "./palette.ts";
import { labels, makeRewards } from "./rewards.ts";
import { solve } from "./solve.ts";

describe("rewards", () => {
  it("are refused with the reason and the place", () => {
    expect(() => makeRewards([], [])).toThrow("there are no values");
    expect(() => makeRewards(["a"], [])).toThrow("no samples");
    expect(() => makeRewards(["a", "a"], [[1, 2]])).toThrow('"a" is there twice');
    expect(() => makeRewards(["a", ""], [[1, 2]])).toThrow("empty name");
    expect(() => makeRewards(["a", "b"], [[1, 2], [3]])).toThrow("row 2 has 1 numbers for 2 values");
    expect(() =>
      makeRewards(
        ["a", "b"],
        [
          [1, 2],
          [3, Number.NaN],
        ],
      ),
    ).toThrow('row 2 has NaN for "b"');
    expect(() => makeRewards(["a"], [[Infinity]])).toThrow('row 1 has Infinity for "a"');
    expect(() => makeRewards(["a", "b"], new Float64Array(3))).toThrow("no whole number of rows");
    expect(() => makeRewards(["a"], [[1], [2]], { prompts: labels(["x"]) })).toThrow("1 prompts for 2 samples");
  });

  it("have one group for all answers to a prompt", () => {
    const of = { prompts: labels(["x", "x"]), groups: labels(["en", "de"]) };
    expect(() => makeRewards(["a"], [[1], [2]], of)).toThrow('prompt x is in the groups "en" and "de"');
  });

  it("of one sample say nothing", () => {
    expect(() => solve(makeRewards(["a"], [[1]]), parsePalette("a=mean"))).toThrow("one sample says nothing");
  });
});
