import { type DualKind, labels, makeRewards, type Palette, type Rewards, solve } from "@concord/alignment";
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
      const theirs = highs.solve(program(rewards, c, "joint")).ObjectiveValue;
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
      const theirs = highs.solve(program(asked, c, "per-prompt")).ObjectiveValue;
      expect(Math.abs(ours.slack - theirs)).toBeLessThan(1e-6 * (1 + Math.max(...c.map(Math.abs))));
    }
  });

  it("and all that follows from it stand up to ties, steps, collinear values and few samples", () => {
    for (let trial = 0; trial < 150; trial++) {
      const { rewards, c, dual } = awkward(trial);
      const palette = levels(c);
      const solution = solve(rewards, palette, dual);
      expect(Math.abs(solution.slack - highs.solve(program(rewards, c, dual)).ObjectiveValue)).toBeLessThan(1e-6);
      if (solution.feasible) {
        expect(solution.kkt).toBeLessThanOrEqual(1e-8);
        continue;
      }
      expect(solution.slack).toBeLessThanOrEqual(1e-9);
      expect(solution.conflict.length).toBeGreaterThan(0);
      const near = c.map((_, i) => solution.nearest[`v${i}`] as number);
      expect(solve(rewards, levels(near), dual).feasible).toBe(true);
    }
  });

  it("leads to the nearest palette that its quadratic solver finds", () => {
    let compared = 0;
    for (let trial = 0; trial < 60; trial++) {
      const { rewards, c, dual } = awkward(trial);
      const solution = solve(rewards, levels(c), dual);
      const sds = solution.goals.map(({ sd }) => sd);
      if (solution.feasible || sds.includes(0)) continue;
      const distance = c.reduce((sum, level, i) => {
        return sum + ((level - (solution.nearest[`v${i}`] as number)) / (sds[i] as number)) ** 2;
      }, 0);
      const theirs = highs.solve(nearestProgram(rewards, c, sds, dual)).ObjectiveValue;
      expect(Math.abs(distance / 2 - theirs)).toBeLessThan(1e-5 * (1 + distance));
      compared++;
    }
    expect(compared).toBeGreaterThan(10);
  });

  const levels = (c: readonly number[]): Palette =>
    c.map((level, i) => ({ value: `v${i}`, target: { kind: "level", level } }));

  /** Small problems with what upsets solvers: ties, whole numbers, a value that is the difference of two others. */
  function awkward(trial: number): { rewards: Rewards; c: number[]; dual: DualKind } {
    const random = rng(split(key("awkward"), trial));
    const [m, n, steps] = [1 + random.below(5), 2 + random.below(50), 2 + random.below(4)];
    const whole = random.uniform() < 0.5;
    const rows = Array.from({ length: n }, () =>
      Array.from({ length: m }, () => (whole ? random.below(steps) : Math.round(4 * random.normal()) / 4)),
    );
    if (m > 2 && random.uniform() < 0.3) for (const row of rows) row[m - 1] = (row[0] as number) - (row[1] as number);
    const perPrompt = random.uniform() < 0.4 && n >= 6;
    const ids = rows.map((_, j) => j % Math.floor(n / 3));
    const rewards = makeRewards(
      Array.from({ length: m }, (_, i) => `v${i}`),
      rows,
      { prompts: perPrompt ? labels(ids) : undefined },
    );
    const c = Array.from({ length: m }, () => Math.round((whole ? steps - 1 : 2) * random.uniform() * 4) / 4);
    return { rewards, c, dual: perPrompt ? "per-prompt" : "joint" };
  }

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

  /** max t subject to E_w r_i ≥ c_i + t. */
  function program(rewards: Rewards, c: readonly number[], dual: DualKind): string {
    const rows = c.map((level, i) => ` c${i}: ${expectation(rewards, i, dual)} - t >= ${level.toFixed(12)}`);
    return `Maximize\n obj: t\nSubject To\n${[...rows, ...masses(rewards, dual)].join("\n")}\nBounds\n t free\nEnd`;
  }

  /** min ½Σu² subject to E_w r_i ≥ c_i − sd_i·u_i + 1e-3·sd_i, u ≥ 0. */
  function nearestProgram(rewards: Rewards, c: readonly number[], sds: readonly number[], dual: DualKind): string {
    const rows = c.map((level, i) => {
      const sd = sds[i] as number;
      return ` c${i}: ${expectation(rewards, i, dual)} + ${sd.toFixed(12)} u${i} >= ${(level + 1e-3 * sd).toFixed(12)}`;
    });
    const objective = c.map((_, i) => `u${i}^2`).join(" + ");
    return `Minimize\n obj: [ ${objective} ] / 2\nSubject To\n${[...rows, ...masses(rewards, dual)].join("\n")}\nEnd`;
  }

  function expectation({ values, n, data, prompts }: Rewards, i: number, dual: DualKind): string {
    const count = dual === "per-prompt" ? (prompts?.names.length ?? 1) : 1;
    const terms = Array.from({ length: n }, (_, j) => {
      const x = (data[j * values.length + i] as number) / count;
      return `${x < 0 ? "-" : "+"} ${Math.abs(x).toFixed(14)} w${j}`;
    });
    return terms.join(" ");
  }

  /** The weights sum to 1, of the whole or of each prompt. */
  function masses({ n, prompts }: Rewards, dual: DualKind): string[] {
    const samples = Array.from({ length: n }, (_, j) => j);
    const count = dual === "per-prompt" ? (prompts?.names.length ?? 1) : 1;
    return Array.from({ length: count }, (_, p) => {
      const own = samples.filter((j) => count === 1 || prompts?.of[j] === p);
      return ` m${p}: ${own.map((j) => `+ w${j}`).join(" ")} = 1`;
    });
  }
});
