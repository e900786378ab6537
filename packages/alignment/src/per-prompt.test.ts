import { key, rng, split } from "@concord/engine/random";
import { describe, expect, it } from "vitest";
import { parsePalette } from "./palette.ts";
import { labels, makeRewards, type Rewards } from "./rewards.ts";
import { solve } from "./solve.ts";

/** 60 prompts with 4 candidates, rows shuffled so that a prompt's answers do not stand together. */
function candidates(): Rewards {
  const random = rng(key("per-prompt"));
  const rows = Array.from({ length: 240 }, (_, j) => [random.normal() + (j % 60) / 30, random.normal()]);
  return makeRewards(["a", "b"], rows, { prompts: labels(rows.map((_, j) => j % 60)) });
}

describe("the per-prompt dual", () => {
  it("has the closed form of two candidates a prompt", () => {
    const rewards = makeRewards(["v"], [[0], [1], [10], [11]], { prompts: labels(["p", "p", "q", "q"]) });
    const solution = solve(rewards, parsePalette("v=5.75"), "per-prompt");
    if (!solution.feasible) throw new Error(solution.verdict);
    // Each prompt takes its better answer with probability ¾: e^λ/(1 + e^λ) = ¾.
    expect(solution.lambda.v).toBeCloseTo(Math.log(3), 10);
    expect(solution.kl).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 12);
    expect(solution.slack).toBeCloseTo(0.25, 12);
    expect(solution.prompts).toBe(2);
    // The joint dual would move to the other prompt instead, and thinks that 10.9 can be had.
    expect(solve(rewards, parsePalette("v=10.9"), "per-prompt").feasible).toBe(false);
    expect(solve(rewards, parsePalette("v=10.9")).feasible).toBe(true);
  });

  it("realises what softmax among each prompt's candidates gives", () => {
    const rewards = candidates();
    const solution = solve(rewards, parsePalette("a=1.4,b=0.3"), "per-prompt");
    if (!solution.feasible) throw new Error(solution.verdict);
    const { a = 0, b = 0 } = solution.lambda;
    const level = [0, 0];
    let kl = 0;
    for (let p = 0; p < 60; p++) {
      const own = [0, 1, 2, 3].map((i) => [0, 1].map((v) => rewards.data[(p + 60 * i) * 2 + v] as number));
      const terms = own.map(([x = 0, y = 0]) => Math.exp(a * x + b * y));
      const sum = terms.reduce((total, term) => total + term, 0);
      own.forEach(([x = 0, y = 0], i) => {
        const weight = (terms[i] as number) / sum;
        level[0] = (level[0] as number) + (weight * x) / 60;
        level[1] = (level[1] as number) + (weight * y) / 60;
        kl += (weight * Math.log(4 * weight)) / 60;
      });
    }
    expect(level[0]).toBeCloseTo(1.4, 9);
    expect(level[1]).toBeCloseTo(0.3, 9);
    expect(solution.kl).toBeCloseTo(kl, 9);
    expect(solution.kkt).toBeLessThanOrEqual(1e-8);
    expect(solution.kl).toBeLessThan(Math.log(4));
  });

  it("is the joint dual where there is one prompt", () => {
    const random = rng(split(key("one prompt")));
    const rows = Array.from({ length: 50 }, () => [random.normal(), random.normal()]);
    const rewards = makeRewards(["a", "b"], rows, { prompts: labels(rows.map(() => "p")) });
    const palette = parsePalette("a=0.4,b=0.3");
    const [joint, own] = [solve(rewards, palette), solve(rewards, palette, "per-prompt")];
    if (!joint.feasible || !own.feasible) throw new Error("not reachable");
    expect(own.lambda.a).toBeCloseTo(joint.lambda.a as number, 8);
    expect(own.kl).toBeCloseTo(joint.kl, 10);
    expect(own.slack).toBeCloseTo(joint.slack, 10);
  });

  it("has a slack, a conflict and a nearest palette of its own", () => {
    const rewards = candidates();
    const solution = solve(rewards, parsePalette("a=3,b=2"), "per-prompt");
    if (solution.feasible) throw new Error("reachable");
    expect(solution.conflict).toEqual(["a", "b"]);
    const near = Object.entries(solution.nearest).map(([value, level]) => `${value}=${level}`);
    const there = solve(rewards, parsePalette(near.join(",")), "per-prompt");
    expect(there.feasible).toBe(true);
    expect(there.verdict).toMatch(/reachable/);
  });

  it("binds groups of prompts exactly, since their mass cannot move", () => {
    const plain = candidates();
    const groups = labels(Array.from({ length: 240 }, (_, j) => (j % 60 < 20 ? "de" : "en")));
    const rewards = { ...plain, groups };
    const solution = solve(rewards, parsePalette("a@de=0.8,a@en=1.7"), "per-prompt");
    if (!solution.feasible) throw new Error(solution.verdict);
    expect(solution.realised["a@de"]).toBeCloseTo(0.8, 9);
    expect(solution.realised["a@en"]).toBeCloseTo(1.7, 9);
    expect(solution.realised.a).toBeCloseTo(0.8 / 3 + (1.7 * 2) / 3, 9);
  });

  it("refuses prompts with one answer, and answers without prompts", () => {
    const rows = [[1], [2], [3], [4]];
    const few = makeRewards(["v"], rows, { prompts: labels(["p", "p", "q", "r"]) });
    expect(() => solve(few, parsePalette("v=mean"), "per-prompt")).toThrow(
      /two answers or more for at least 90 % of the prompts; here 1 of 3/,
    );
    expect(() => solve(makeRewards(["v"], rows), parsePalette("v=mean"), "per-prompt")).toThrow("give a prompt column");
  });

  it("counts prompts by their mean, however many answers each has", () => {
    const rewards = makeRewards(["v"], [[0], [2], [10], [10], [10], [14]], {
      prompts: labels(["p", "p", "q", "q", "q", "q"]),
    });
    const solution = solve(rewards, parsePalette("v=mean"), "per-prompt");
    expect(solution.goals[0]?.level).toBeCloseTo((1 + 11) / 2, 12);
    expect(solution.feasible && solution.kl).toBeCloseTo(0, 12);
  });
});
