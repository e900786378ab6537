import { describe, expect, it } from "vitest";
import { fairnessReport } from "./fairness-report.ts";

function plan(round: number, members: string, fast: string) {
  return {
    round,
    steps: 1,
    members: [...members].map((party) => ({ party, examples: 1, exchanges: [1] })),
    ...(fast === "" ? {} : { group: { parties: [...fast], divergence: 0 } }),
  };
}

describe("a report of fairness", () => {
  it("counts each party's rounds and fast rounds", () => {
    const report = fairnessReport([plan(1, "abc", "a"), plan(2, "ab", "ab"), plan(3, "ad", ""), plan(4, "ad", "a")]);
    expect(report).toMatchObject({
      parties: [
        { party: "a", rounds: 4, fast: 3, share: 0.75 },
        { party: "b", rounds: 2, fast: 1, share: 0.5 },
        { party: "c", rounds: 1, fast: 0, share: 0 },
        { party: "d", rounds: 2, fast: 0, share: 0 },
      ],
      max: 0.75,
      min: 0,
    });
    // Σ_i Σ_j |x_i − x_j| = 2 (.25 + .75 + .75 + .5 + .5) = 5.5, over 2 · 4 · 1.25.
    expect(report.gini).toBeCloseTo(5.5 / 10, 14);
  });

  it("is 0 where all are equal, and knows what to say of nothing", () => {
    expect(fairnessReport([plan(1, "ab", "a"), plan(2, "ab", "b")])).toMatchObject({ max: 0.5, min: 0.5, gini: 0 });
    expect(fairnessReport([plan(1, "ab", "")])).toMatchObject({ max: 0, min: 0, gini: 0 });
    expect(fairnessReport([])).toEqual({ parties: [], max: 0, min: 0, gini: 0 });
  });
});
