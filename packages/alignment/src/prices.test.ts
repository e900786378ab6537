import { key, rng } from "@concord/engine/random";
import { describe, expect, it } from "vitest";
import { parsePalette } from "./palette.ts";
import { prices } from "./prices.ts";
import type { DualKind } from "./problem.ts";
import { labels, makeRewards, type Rewards } from "./rewards.ts";
import { solve } from "./solve.ts";

const random = rng(key("prices"));
const rows = Array.from({ length: 600 }, (_, j) => {
  const x = random.normal();
  return [x + 0.3 * Math.sin(j % 100), 0.5 * x + random.normal(), random.normal() - 0.4 * x];
});
const rewards: Rewards = makeRewards(["a", "b", "free"], rows, {
  prompts: labels(rows.map((_, j) => j % 100)),
  groups: labels(rows.map((_, j) => (j % 100 < 30 ? "de" : "en"))),
});

/** Levels and KL at a palette. */
function at(palette: string, dual: DualKind) {
  const solution = solve(rewards, parsePalette(palette), dual);
  if (!solution.feasible) throw new Error(solution.verdict);
  return solution;
}

describe.each(["joint", "per-prompt"] as const)("prices under the %s dual", (dual) => {
  it.each([
    ["a", "b", 0.4, 0.5, (a: number, b: number) => `a=${a},b=${b}`],
    ["a@de", "b", 0.5, 0.2, (a: number, b: number) => `a@de=${a},b=${b}`],
    ["a@de", "a@en", 0.5, 0.3, (a: number, b: number) => `a@de=${a},a@en=${b}`],
  ] as const)("of %s and %s are derivatives", (one, other, a, b, text) => {
    const found = prices(rewards, parsePalette(text(a, b)), dual);
    const h = 1e-5;
    const [up, down] = [at(text(a + h, b), dual), at(text(a - h, b), dual)];
    expect((up.kl - down.kl) / (2 * h)).toBeCloseTo(found.kl[one] as number, 6);
    for (const value of rewards.values) {
      const slope = ((up.realised[value] as number) - (down.realised[value] as number)) / (2 * h);
      expect(slope).toBeCloseTo(found.levels[one]?.[value] as number, 5);
    }
    const [more, less] = [at(text(a, b + h), dual), at(text(a, b - h), dual)];
    expect((more.kl - less.kl) / (2 * h)).toBeCloseTo(found.kl[other] as number, 6);
  });

  it("of goals that ask for nothing are 0", () => {
    const found = prices(rewards, parsePalette("a=0.5,b=-3"), dual);
    expect(found.kl.b).toBe(0);
    expect(found.levels.b).toEqual({ a: 0, b: 0, free: 0 });
    expect(found.levels.a?.a).toBeCloseTo(1, 9);
    expect(found.levels.a?.free).toBeLessThan(0);
  });
});

it("dλ/dc is +V⁻¹: Theorem 4(iv) of the paper prints a minus", () => {
  const h = 1e-5;
  const lambda = (c: number) => at(`a=${c},b=0.5`, "joint").lambda.a as number;
  const slope = (lambda(0.4 + h) - lambda(0.4 - h)) / (2 * h);
  expect(slope).toBeGreaterThan(0.5);
});

it("there are no prices of what cannot be had", () => {
  expect(() => prices(rewards, parsePalette("a=99"))).toThrow(/no prices of what cannot be had: not reachable/);
});
