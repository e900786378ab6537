import { key } from "@concord/engine/random";
import { describe, expect, it } from "vitest";
import { gaussianPairs } from "../test/synthetic.ts";
import { parsePalette } from "./palette.ts";
import { bootstrap, heldOut } from "./resample.ts";
import { labels } from "./rewards.ts";
import { solve } from "./solve.ts";

describe("intervals", () => {
  const palette = parsePalette("a=0.4,b=0.3");

  it("from resampled prompts cover the truth about as often as they say, and are seeded", () => {
    // Standard normal pairs with correlation ρ: λ = Σ⁻¹c.
    const rho = 0.3;
    const truth = (0.4 - rho * 0.3) / (1 - rho * rho);
    let covered = 0;
    for (let trial = 0; trial < 20; trial++) {
      const rewards = gaussianPairs(500, rho, `cover ${trial}`);
      const { lambda } = bootstrap(rewards, palette, { key: key(trial), resamples: 60 });
      const [low, high] = lambda.a ?? [0, 0];
      if (low <= truth && truth <= high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(16);
    const rewards = gaussianPairs(300, rho, "seeded");
    const once = bootstrap(rewards, palette, { key: key(1), resamples: 20 });
    expect(bootstrap(rewards, palette, { key: key(1), resamples: 20 })).toEqual(once);
    expect(bootstrap(rewards, palette, { key: key(2), resamples: 20 })).not.toEqual(once);
    const solution = solve(rewards, palette);
    if (!solution.feasible) throw new Error(solution.verdict);
    for (const [name, [low, high]] of Object.entries(once.lambda)) {
      expect(solution.lambda[name]).toBeGreaterThan(low - 0.1);
      expect(solution.lambda[name]).toBeLessThan(high + 0.1);
    }
    expect(once.unreachable).toBe(0);
  });

  it("are wider where answers to a prompt repeat each other: prompts are resampled, not answers", () => {
    const plain = gaussianPairs(300, 0.3, "clusters");
    const data = new Float64Array(plain.data.length * 4);
    for (let copy = 0; copy < 4; copy++) data.set(plain.data, copy * plain.data.length);
    const copied = { ...plain, n: 1200, data };
    const prompts = labels(Array.from({ length: 1200 }, (_, j) => j % 300));
    const width = (rewards: typeof copied) => {
      const [low, high] = bootstrap(rewards, palette, { key: key(3), resamples: 80 }).lambda.a ?? [0, 0];
      return high - low;
    };
    expect(width({ ...copied, prompts })).toBeGreaterThan(1.5 * width(copied));
  });

  it("of levels that were not fitted have the target in them, and spread as far as the samples are few", () => {
    const rewards = gaussianPairs(1000, 0.3, "held out");
    const easy = heldOut(rewards, palette, { key: key(4) });
    const hard = heldOut(rewards, parsePalette("a=1.6,b=0.9"), { key: key(4) });
    expect(Math.abs(easy.miss.a?.mean as number)).toBeLessThan(0.1);
    expect(hard.miss.a?.sd).toBeGreaterThan(1.5 * (easy.miss.a?.sd as number));
    expect(easy.unreachable).toBe(0);
  });

  it("are refused for what cannot be reached", () => {
    const rewards = gaussianPairs(50, 0.3, "none");
    expect(() => bootstrap(rewards, parsePalette("a=9"), { key: key(1) })).toThrow("not reachable");
    expect(() => heldOut(rewards, parsePalette("a=9"), { key: key(1) })).toThrow("not reachable");
  });
});
