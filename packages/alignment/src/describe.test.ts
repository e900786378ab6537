import { describe, expect, it } from "vitest";
import { candidateSets } from "../test/synthetic.ts";
import { describeRewards } from "./describe.ts";
import { labels, makeRewards } from "./rewards.ts";

describe("a description of rewards", () => {
  it("has the moments by hand", () => {
    const rewards = makeRewards(
      ["a", "b"],
      [
        [1, 4],
        [3, 2],
        [5, 6],
        [7, 0],
      ],
      { prompts: labels(["p", "p", "q", "q"]) },
    );
    const { values, correlations, samples, prompts, promptsAnsweredTwice } = describeRewards(rewards);
    expect({ samples, prompts, promptsAnsweredTwice }).toEqual({ samples: 4, prompts: 2, promptsAnsweredTwice: 2 });
    expect(values[0]).toMatchObject({ mean: 4, sd: Math.sqrt(5), min: 1, max: 7, withinVariance: 2 });
    expect(values[0]?.quantiles.q25).toBe(2.5);
    expect(values[0]?.betweenVariance).toBeCloseTo(20 / 3 - 2, 12);
    expect(correlations.a?.b).toBeCloseTo(-8 / 20, 12);
    expect(values[0]?.explainedByOthers).toBeCloseTo(0.16, 9);
  });

  it("finds the share of variance within prompts", () => {
    for (const between of [0, 0.3, 0.6]) {
      const sets = candidateSets(800, 6, { between, correlation: 0.2, seed: `describe ${between}` });
      for (const { withinShare } of describeRewards(sets).values) expect(withinShare).toBeCloseTo(1 - between, 1);
    }
  });

  it("warns of values that are constant, the same, or follow from others", () => {
    const rows = Array.from({ length: 50 }, (_, j) => [Math.sin(j), Math.cos(3 * j), 2]);
    const all = rows.map(([x = 0, y = 0, z = 0]) => [x, y, z, -2 * x + 1, x + y]);
    const { warnings, values } = describeRewards(makeRewards(["x", "y", "flat", "twin", "sum"], all));
    expect(warnings).toContain("flat is the same for all answers: nothing can move it");
    expect(warnings).toContain("twin and x say the same (correlation -1)");
    expect(warnings.some((line) => line.startsWith("sum follows from the other values"))).toBe(true);
    expect(values[0]?.withinShare).toBeNull();
  });
});
