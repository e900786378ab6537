import { key, rng, split } from "@concord/engine/random";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Palette, parsePalette } from "./palette.ts";
import { labels, makeRewards, type Rewards } from "./rewards.ts";
import { type Reachable, solve, type Unreachable } from "./solve.ts";

const levels = (...c: readonly number[]): Palette =>
  c.map((level, i) => ({ value: `v${i}`, target: { kind: "level", level } }));

function gaussian(seed: number | string, n: number, m: number, scale = 1): Rewards {
  const random = rng(split(key("solve"), seed));
  const names = Array.from({ length: m }, (_, i) => `v${i}`);
  return makeRewards(
    names,
    Array.from({ length: n }, () => names.map(() => scale * random.normal())),
  );
}

function solved(rewards: Rewards, palette: Palette, dual?: "joint" | "per-prompt"): Reachable {
  const solution = solve(rewards, palette, dual);
  if (!solution.feasible) throw new Error(solution.verdict);
  return solution;
}

function refused(rewards: Rewards, palette: Palette): Unreachable {
  const solution = solve(rewards, palette);
  if (solution.feasible) throw new Error(solution.verdict);
  return solution;
}

describe("the joint dual", () => {
  it("has the closed form of two answers: λ = logit c − logit of the base share", () => {
    const rewards = makeRewards(["v0"], [[0], [0], [0], [1]]);
    const solution = solved(rewards, levels(0.7));
    expect(solution.lambda.v0).toBeCloseTo(Math.log(0.7 / 0.3) - Math.log(0.25 / 0.75), 10);
    expect(solution.realised.v0).toBeCloseTo(0.7, 12);
    expect(solution.kl).toBeCloseTo(0.7 * Math.log(0.7 / 0.25) + 0.3 * Math.log(0.3 / 0.75), 12);
    expect(solution.slack).toBeCloseTo(0.3, 12);
    expect(solution.ess).toBeCloseTo(1 / (0.49 + 3 * 0.01), 10);
  });

  it("leaves the base model alone where it is good enough (Theorem 4(ii))", () => {
    const solution = solved(gaussian("easy", 300, 3), parsePalette("v0=mean,v1=-0.5,v2=mean"));
    expect(solution.lambda).toEqual({ v0: 0, v1: 0, v2: 0 });
    expect(solution.kl).toBe(0);
    expect(solution.ess).toBeCloseTo(300, 8);
    expect(solution.verdict).toMatch(/^reachable: the base model is there already/);
  });

  it("has a KKT error ≤ 1e-8, KL = λ·E r − log Z, and the price dKL/dc = λ", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 5 }), (seed, m) => {
        const rewards = gaussian(seed, 400, m);
        const c = Array.from({ length: m }, (_, i) => 0.35 * Math.sin(seed + 3 * i));
        const solution = solved(rewards, levels(...c));
        expect(solution.kkt).toBeLessThanOrEqual(1e-8);
        let z = 0;
        let inner = 0;
        for (let j = 0; j < 400; j++) {
          let s = 0;
          for (let i = 0; i < m; i++) s += (solution.lambda[`v${i}`] as number) * (rewards.data[j * m + i] as number);
          z += Math.exp(s) / 400;
        }
        c.forEach((level, i) => {
          const lambda = solution.lambda[`v${i}`] as number;
          const realised = solution.realised[`v${i}`] as number;
          inner += lambda * realised;
          expect(lambda).toBeGreaterThanOrEqual(0);
          expect(realised).toBeGreaterThanOrEqual(level - 1e-8);
          const h = 1e-4;
          const moved = (by: number) => solved(rewards, levels(...c.map((x, q) => (q === i ? x + by : x)))).kl;
          expect((moved(h) - moved(-h)) / (2 * h)).toBeCloseTo(lambda, 4);
        });
        expect(solution.kl).toBeCloseTo(inner - Math.log(z), 9);
      }),
      { numRuns: 25 },
    );
  });

  it("does not depend on units, order of the rows or order of the goals", () => {
    const rewards = gaussian("units", 500, 3);
    const palette = levels(0.3, 0.2, 0.4);
    const plain = solved(rewards, palette);
    const factors = [1e-6, 1, 1e7];
    const scaled = makeRewards(
      rewards.values,
      Array.from({ length: 500 }, (_, j) =>
        factors.map((factor, i) => 1e3 * factor + factor * (rewards.data[(499 - j) * 3 + i] as number)),
      ),
    );
    const goals = levels(...[0.3, 0.2, 0.4].map((c, i) => (1e3 + c) * (factors[i] as number))).toReversed();
    const other = solved(scaled, goals);
    factors.forEach((factor, i) => {
      const lambda = plain.lambda[`v${i}`] as number;
      expect(((other.lambda[`v${i}`] as number) * factor) / lambda).toBeCloseTo(1, 6);
    });
    expect(other.kl).toBeCloseTo(plain.kl, 9);
    expect(other.kkt).toBeLessThanOrEqual(1e-8);
  });

  it("proves what cannot be had, names the conflict, and finds the nearest palette that can", () => {
    const random = rng(key("conflict"));
    const rows = Array.from({ length: 300 }, () => {
      const x = random.normal();
      return [x, -x + 0.1 * random.normal(), random.normal()];
    });
    const rewards = makeRewards(["v0", "v1", "v2"], rows);
    const c = [1, 1, 0.2];
    const solution = refused(rewards, levels(...c));
    expect(solution.slack).toBeLessThan(0);
    expect(solution.conflict).toEqual(["v0", "v1"]);
    expect(solution.verdict).toMatch(/^not reachable because v0 ≥ 1 and v1 ≥ 1 cannot be had together/);
    // λ·r_j < λ·c for every sample: no weighting can reach c.
    const certificate = rewards.values.map((value) => solution.certificate[value] as number);
    expect(certificate.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 10);
    const priced = c.reduce((sum, level, i) => sum + level * (certificate[i] as number), 0);
    for (const row of rows) {
      const got = row.reduce((sum, x, i) => sum + x * (certificate[i] as number), 0);
      expect(got).toBeLessThanOrEqual(priced + solution.slack + 1e-9);
    }
    // The nearest palette gives way no more than needed, has 1e-3 sd to spare, and every closer one has less.
    const near = rewards.values.map((value) => solution.nearest[value] as number);
    near.forEach((level, i) => {
      expect(level).toBeLessThanOrEqual(c[i] as number);
    });
    expect(near[2]).toBeGreaterThan(0.1);
    const sds = solution.goals.map(({ sd }) => sd);
    expect(slackInSd(rewards, near, sds)).toBeCloseTo(1e-3, 9);
    const distance = (to: readonly number[]) =>
      to.reduce((sum, level, i) => sum + (((c[i] as number) - level) / (sds[i] as number)) ** 2, 0);
    for (let trial = 0; trial < 200; trial++) {
      const other = near.map((level, i) => Math.min(c[i] as number, level + 0.05 * random.normal()));
      if (distance(other) < distance(near) - 1e-9) expect(slackInSd(rewards, other, sds)).toBeLessThan(1e-3);
    }
  });

  it("is solved at the nearest palette", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const rewards = gaussian(seed, 60, 3);
        const solution = refused(rewards, levels(2.5, 2.5, 2.5));
        const near = rewards.values.map((value) => solution.nearest[value] as number);
        expect(solve(rewards, levels(...near)).feasible).toBe(true);
        const sds = solution.goals.map(({ sd }) => sd);
        expect(slackInSd(rewards, near, sds)).toBeCloseTo(1e-3, 8);
      }),
      { numRuns: 40 },
    );
  });

  it("cannot pass the largest reward (Theorem 4(iii)), and says so at the very edge", () => {
    const rewards = gaussian("edge", 100, 2);
    const most = Math.max(...Array.from({ length: 100 }, (_, j) => rewards.data[j * 2] as number));
    expect(refused(rewards, levels(most + 0.1)).conflict).toEqual(["v0"]);
    const edge = refused(rewards, levels(most));
    expect(edge.slack).toBeCloseTo(0, 12);
    expect(edge.verdict).toMatch(/approached, never reached/);
  });

  it("says when too few samples carry the answer", () => {
    const rewards = gaussian("few", 400, 1);
    const solution = solved(rewards, levels(2.2));
    expect(solution.ess).toBeLessThan(50);
    expect(solution.verdict).toMatch(/^not estimable from this many samples/);
    expect(solution.feasible).toBe(true);
  });

  it("bounds a share of the answers through its indicator", () => {
    const rewards = gaussian("share", 1000, 2);
    const solution = solved(rewards, parsePalette("v0=p95>=-1,v0=0.4,v1=mean"));
    expect(solution.realised["v0:p95>=-1"]).toBeGreaterThanOrEqual(0.95 - 1e-9);
    expect(solution.realised.v0).toBeGreaterThanOrEqual(0.4 - 1e-9);
    const alone = solved(rewards, parsePalette("v0=p95>=-1"));
    expect(alone.realised.v0).toBeGreaterThan(0);
    expect(alone.lambda.v0).toBeCloseTo(Math.log(0.95 / 0.05) - logitOfShare(rewards), 8);
  });

  it("takes +25% as log 1.25 on log-probabilities", () => {
    const rewards = gaussian("gain", 500, 1);
    const solution = solved(rewards, parsePalette("v0=+25%"));
    const goal = solution.goals[0];
    expect((goal?.level ?? 0) - (goal?.base ?? 0)).toBeCloseTo(Math.log(1.25), 12);
  });

  it("binds the mean of a group of prompts", () => {
    const random = rng(key("groups"));
    const rows = Array.from({ length: 900 }, () => [random.normal(), random.normal()]);
    const of = labels(rows.map((_, j) => (j % 3 === 0 ? "de" : "en")));
    const rewards = makeRewards(["v0", "v1"], rows, { groups: of });
    const solution = solved(rewards, parsePalette("v0@de=0.5,v1=0.1"));
    expect(solution.realised["v0@de"]).toBeCloseTo(0.5, 9);
    expect(solution.realised.v1).toBeCloseTo(0.1, 9);
    expect(solution.lambda["v0@de"]).toBeGreaterThan(0.3);
    // A group keeps its weight: it cannot be left out to meet what is asked of it.
    const most = Math.max(...rows.flatMap(([x = 0], j) => (j % 3 === 0 ? [x] : [])));
    expect(solve(rewards, parsePalette(`v0@de=${most + 0.1}`))).toMatchObject({ feasible: false, conflict: ["v0@de"] });
  });
});

describe("awkward rewards", () => {
  const base = gaussian("awkward", 200, 1);
  const withColumns = (...columns: readonly ((x: number, j: number) => number)[]) =>
    makeRewards(
      columns.map((_, i) => `v${i}`),
      Array.from(base.data, (x, j) => columns.map((column) => column(x, j))),
    );

  it("that are constant are kept or refused by what they are", () => {
    const rewards = withColumns(
      (x) => x,
      () => 3,
    );
    expect(solved(rewards, parsePalette("v0=0.3,v1=mean")).lambda.v1).toBe(0);
    expect(solved(rewards, levels(0.3, 2)).lambda.v1).toBe(0);
    const solution = refused(rewards, levels(0.3, 4));
    expect(solution.conflict).toEqual(["v1"]);
    expect(solution.slack).toBe(-1);
    expect(solution.nearest).toEqual({ v0: 0.3, v1: 3 });
    expect(
      solved(
        withColumns(() => 5),
        levels(5),
      ).kl,
    ).toBe(0);
  });

  it("that are there twice share one multiplier between them", () => {
    const once = solved(
      withColumns((x) => x),
      levels(0.4),
    );
    const twice = solved(
      withColumns(
        (x) => x,
        (x) => x,
      ),
      levels(0.4, 0.4),
    );
    expect(twice.kkt).toBeLessThanOrEqual(1e-8);
    expect((twice.lambda.v0 as number) + (twice.lambda.v1 as number)).toBeCloseTo(once.lambda.v0 as number, 6);
    expect(twice.kl).toBeCloseTo(once.kl, 10);
  });

  it("that are opposites can both stay, and cannot both rise", () => {
    const rewards = withColumns(
      (x) => x,
      (x) => -x,
    );
    expect(solved(rewards, parsePalette("v0=mean,v1=mean")).kl).toBe(0);
    expect(refused(rewards, levels(0.5, 0.5)).conflict).toEqual(["v0", "v1"]);
  });

  it("that follow from two others still have a solution", () => {
    const other = gaussian("third", 200, 1);
    const rewards = withColumns(
      (x) => x,
      (_, j) => other.data[j] as number,
      (x, j) => x + (other.data[j] as number),
    );
    const solution = solved(rewards, levels(0.2, 0.2, 0.5));
    expect(solution.kkt).toBeLessThanOrEqual(1e-8);
    expect(solution.realised.v2).toBeCloseTo(0.5, 8);
  });

  it("that are badly scaled or far from 0 are solved as exactly", () => {
    for (const [scale, shift] of [
      [1e-9, 0],
      [1e9, 0],
      [1, 1e6],
      [1e-3, 1e3],
    ] as const) {
      const rewards = withColumns((x) => shift + scale * x);
      const solution = solved(rewards, levels(shift + 0.5 * scale));
      expect(solution.kkt).toBeLessThanOrEqual(1e-8);
      expect((solution.lambda.v0 as number) * scale).toBeCloseTo(solved(base, levels(0.5)).lambda.v0 as number, 5);
    }
    expect(() =>
      solve(
        withColumns((x) => 1e300 * x),
        parsePalette("v0=mean"),
      ),
    ).toThrow("too wide for float64");
  });

  it("with targets far beyond are refused, however far", () => {
    expect(refused(base, levels(1e12)).conflict).toEqual(["v0"]);
    expect(solved(base, levels(-1e12)).kl).toBe(0);
  });
});

function slackInSd(rewards: Rewards, c: readonly number[], sds: readonly number[]): number {
  const m = sds.length;
  const scaled = makeRewards(
    rewards.values,
    rewards.data.map((x, at) => x / (sds[at % m] as number)),
  );
  return solve(scaled, levels(...c.map((level, i) => level / (sds[i] as number)))).slack;
}

function logitOfShare({ data, n }: Rewards): number {
  let share = 0;
  for (let j = 0; j < n; j++) if ((data[j * 2] as number) >= -1) share += 1 / n;
  return Math.log(share / (1 - share));
}
