import { makeRewards, type Rewards, solve } from "@concord/alignment";
import { key, rng, split } from "@concord/engine";
import highsModule from "highs";
import { beforeAll, describe, expect, it } from "vitest";

interface Highs {
  solve(program: string): { readonly ObjectiveValue: number };
}

// Its types describe the CommonJS form; the module itself is the loader.
const loadHighs = highsModule as unknown as () => Promise<Highs>;

/** Our linear programs against HiGHS. */
describe("the slack of a palette", () => {
  let highs: Highs;
  beforeAll(async () => {
    highs = await loadHighs();
  });

  it.each([
    [1, 5],
    [2, 8],
    [3, 40],
    [4, 25],
    [6, 120],
    [9, 60],
  ])("is that of HiGHS: %i values, %i samples, in units from 1e-3 to 1e3", (m, n) => {
    for (let trial = 0; trial < 12; trial++) {
      const { rewards, c } = problem(m, n, trial);
      const ours = solve(
        rewards,
        c.map((level, i) => ({ value: `v${i}`, target: { kind: "level", level } })),
      );
      const theirs = highs.solve(program(rewards, c)).ObjectiveValue;
      const scale = Math.max(...c.map(Math.abs));
      expect(Math.abs(ours.slack - theirs)).toBeLessThan(1e-6 * (1 + scale));
    }
  });

  it("is that of HiGHS with one simplex for each prompt", () => {
    for (let trial = 0; trial < 8; trial++) {
      const [prompts, k, m] = [15, 4, 3];
      const { rewards, c } = problem(m, prompts * k, trial);
      const of = Int32Array.from({ length: prompts * k }, (_, j) => j % prompts);
      const asked = { ...rewards, prompts: { names: Array.from({ length: prompts }, (_, p) => String(p)), of } };
      const palette = c.map((level, i) => ({ value: `v${i}`, target: { kind: "level", level } as const }));
      const ours = solve(asked, palette, "per-prompt");
      const theirs = highs.solve(program(asked, c)).ObjectiveValue;
      expect(Math.abs(ours.slack - theirs)).toBeLessThan(1e-6 * (1 + Math.max(...c.map(Math.abs))));
    }
  });

  function problem(m: number, n: number, trial: number): { rewards: Rewards; c: number[] } {
    const random = rng(split(key("highs"), m, n, trial));
    const scales = Array.from({ length: m }, () => 10 ** (6 * random.uniform() - 3));
    const rows = Array.from({ length: n }, () => scales.map((scale) => scale * Number(random.normal().toFixed(4))));
    const rewards = makeRewards(
      scales.map((_, i) => `v${i}`),
      rows,
    );
    return { rewards, c: scales.map((scale) => scale * (1.2 * random.uniform() - 0.2)) };
  }

  /** max t subject to Σ w_j r_ji − t ≥ c_i, and Σ w = 1 (for each prompt, with E the average over prompts). */
  function program({ values, n, data, prompts }: Rewards, c: readonly number[]): string {
    const m = values.length;
    const count = prompts?.names.length ?? 1;
    const term = (x: number, name: string) => `${x < 0 ? "-" : "+"} ${Math.abs(x).toFixed(12)} ${name}`;
    const rows = c.map((level, i) => {
      const sum = Array.from({ length: n }, (_, j) => term((data[j * m + i] as number) / count, `w${j}`));
      return ` c${i}: ${sum.join(" ")} - t >= ${level.toFixed(12)}`;
    });
    const masses = Array.from({ length: count }, (_, p) => {
      const own = Array.from({ length: n }, (_, j) => j).filter((j) => (prompts?.of[j] ?? 0) === p);
      return ` m${p}: ${own.map((j) => `+ w${j}`).join(" ")} = 1`;
    });
    return `Maximize\n obj: t\nSubject To\n${[...rows, ...masses].join("\n")}\nBounds\n t free\nEnd`;
  }
});
