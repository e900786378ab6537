import { describe, expect, it } from "vitest";
import { candidateSets, gaussianPairs } from "../test/synthetic.ts";
import { frontier } from "./frontier.ts";
import { parsePalette } from "./palette.ts";
import { makeProblem } from "./problem.ts";
import { labels } from "./rewards.ts";
import { slackOf, solve } from "./solve.ts";

describe("raising one value while others hold", () => {
  const rewards = gaussianPairs(2000, -0.3, "frontier");
  const hold = parsePalette("a=mean");

  it("spends the KL budget to the last nat", () => {
    const found = frontier(rewards, { raise: "b", hold, kl: 0.5, points: 8 });
    expect(found.boundBy).toBe("kl");
    expect(found.best.kl).toBeCloseTo(0.5, 8);
    const check = solve(rewards, parsePalette(`a=mean,b=${found.best.level}`));
    expect(check.feasible && check.kl).toBeCloseTo(0.5, 8);
    expect(found.best.price).toBeCloseTo(found.best.lambda.b as number, 12);
    expect(found.points).toHaveLength(8);
    expect(found.points.at(-1)).toBe(found.best);
    expect(found.points[0]?.level).toBe(found.from);
    for (let i = 1; i < found.points.length; i++) {
      const [before, here] = [found.points[i - 1], found.points[i]];
      expect(here?.kl).toBeGreaterThan(before?.kl as number);
      expect(here?.price).toBeGreaterThan(before?.price as number);
    }
  });

  it("goes to the edge of the samples without a budget: the slack is 0 at the limit", () => {
    const found = frontier(rewards, { raise: "b", hold, points: 3 });
    expect(found.boundBy).toBe("samples");
    expect(slackOf(makeProblem(rewards, parsePalette(`a=mean,b=${found.limit}`))).t).toBeCloseTo(0, 9);
    expect(found.best.estimable).toBe(false);
    expect(frontier(rewards, { raise: "b", hold: [], points: 2 }).limit).toBeCloseTo(
      Math.max(...rewards.data.filter((_, at) => at % 2 === 1)),
      9,
    );
  });

  it("asks what so many candidates a prompt can deliver, and more deliver more", () => {
    const sets = candidateSets(150, 16, { between: 0.3, correlation: -0.5, seed: "frontier" });
    const limits = [2, 4, 8, 16].map((candidates) => frontier(sets, { raise: "b", hold, candidates, points: 2 }));
    for (const one of limits) expect(one.boundBy).toBe("candidates");
    expect(limits.map(({ dual }) => dual)).toEqual(Array(4).fill("per-prompt"));
    for (let i = 1; i < 4; i++) expect(limits[i]?.limit).toBeGreaterThan(limits[i - 1]?.limit as number);
    limits.forEach(({ best }, i) => {
      expect(best.kl).toBeLessThan(Math.log(2 ** (i + 1)));
    });
  });

  it("raises the value of one group", () => {
    const groups = labels(Array.from({ length: 2000 }, (_, j) => (j % 4 === 0 ? "de" : "en")));
    const found = frontier({ ...rewards, groups }, { raise: "b@de", hold, kl: 0.1, points: 3 });
    expect(found.best.kl).toBeCloseTo(0.1, 8);
    expect(found.best.realised["b@de"]).toBeCloseTo(found.best.level, 8);
  });

  it("says why where there is nothing to raise", () => {
    expect(() => frontier(rewards, { raise: "b", hold: parsePalette("a=99") })).toThrow("the others cannot be held");
    expect(() => frontier(rewards, { raise: "b", hold: parsePalette("a=1.5"), kl: 0.01 })).toThrow(
      "more than the budget",
    );
    expect(() => frontier(rewards, { raise: "b", hold, candidates: 4, dual: "joint" })).toThrow("per-prompt dual only");
    expect(() => frontier(rewards, { raise: "b", hold, candidates: 4 })).toThrow(
      "only 0 of 2000 prompts have 4 answers",
    );
    expect(() => frontier(rewards, { raise: "c", hold })).toThrow('no value "c"');
    expect(() => frontier(rewards, { raise: "b", hold, kl: 0 })).toThrow("above 0");
  });
});
