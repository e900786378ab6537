import { makeRewards, parsePalette, solve } from "@concord/alignment";
import { describe, expect, it } from "vitest";
import { gaussianPairs } from "./synthetic.ts";

/** Statements of the paper that fail as printed, by counterexample. Others are beside what they are about. */
describe("Theorem 3 as printed", () => {
  it("fails for one value: the reward −r reaches what no λ ≥ 0 reaches", () => {
    const rewards = gaussianPairs(500, 0, "theorem 3");
    const flipped = makeRewards(
      ["a", "b"],
      rewards.data.map((x) => -x),
    );
    // R = −a, with multiplier 1 on it: the level of a goes below the base.
    const other = solve(flipped, parsePalette("a=0.5"));
    if (!other.feasible) throw new Error(other.verdict);
    const reached = -(other.realised.a as number);
    expect(reached).toBeCloseTo(-0.5, 8);
    const base = solve(rewards, parsePalette("a=mean")).goals[0]?.base as number;
    expect(reached).toBeLessThan(base - 0.4);
    // Whatever is asked of a, and of b with it, the level of a on its own multiplier never falls below its base.
    for (const level of [-3, -0.5, 0, 0.5, 1]) {
      const solution = solve(rewards, parsePalette(`a=${level}`));
      expect(solution.feasible && (solution.realised.a as number)).toBeGreaterThanOrEqual(base - 1e-9);
    }
  });
});

describe("Theorem 4", () => {
  it("(i) holds: less than a reachable palette is reachable", () => {
    const rewards = gaussianPairs(300, -0.5, "theorem 4");
    expect(solve(rewards, parsePalette("a=0.6,b=0.5")).feasible).toBe(true);
    for (const less of ["a=0.5,b=0.5", "a=0.6,b=-1", "a=-9,b=-9"]) {
      expect(solve(rewards, parsePalette(less)).feasible).toBe(true);
    }
  });
});

describe("Theorem 6 as printed", () => {
  it("is a guide only: with V at the solution the bound δ/V fails near the edge", () => {
    const delta = 0.04;
    const rows = [[0], [1]];
    const of = (shift: number) => {
      const solution = solve(
        makeRewards(
          ["a"],
          rows.map(([x = 0]) => [x - shift]),
        ),
        parsePalette("a=0.95"),
      );
      if (!solution.feasible) throw new Error(solution.verdict);
      return solution.lambda.a as number;
    };
    const moved = of(delta) - of(0);
    expect(moved).toBeCloseTo(Math.log(0.99 / 0.01) - Math.log(0.95 / 0.05), 8);
    expect(moved).toBeGreaterThan(1.9 * (delta / (0.95 * 0.05)));
  });
});
