import { parsePalette, prices, publishedProcedure, type Rewards, sequential, solve } from "@concord/alignment";
import { beforeAll, describe, expect, it } from "vitest";
import { ABSENT, cases, paletteOf, released } from "./released.ts";

/** What the paper reports, on the rewards that it reports it of. */
describe.skipIf(ABSENT !== undefined)("the published numbers", () => {
  let opt: Rewards;
  let llama: Rewards;
  beforeAll(() => {
    opt = released("opt1.3b");
    llama = released("llama2_chat");
  });
  const named = (name: string) => {
    const one = cases("table_cases_opt.json").find((found) => found.name?.startsWith(name));
    if (one === undefined) throw new Error(name);
    return one;
  };

  it("“HHH-80% is infeasible for OPT-1.3B” is a float32 that overflows at step 35", () => {
    const palette = paletteOf(named("HHH-80"));
    expect(publishedProcedure(opt, palette)).toMatchObject({ success: false, overflowAt: 35 });
    const stable = publishedProcedure(opt, palette, { logSumExp: true });
    expect(stable.success).toBe(true);
    [29.735, 2.583, 3.053].forEach((lambda, i) => {
      expect((Object.values(stable.lambda)[i] as number) / lambda).toBeCloseTo(1, 2);
    });
    const solution = solve(opt, palette);
    expect(solution.feasible).toBe(true);
    expect(solution.slack).toBeCloseTo(0.0387, 4);
    expect(solution.verdict).toMatch(/^not estimable/);
  });

  it("the other tables come out of the published procedure to the digits that it has converged to", () => {
    for (const name of ["HHH-50", "HHH-60", "HHH-70", "humor-80", "gpt2-helpful-80", "gpt2-harmless-80"]) {
      const one = named(name) as ReturnType<typeof named> & { lambda_author: readonly number[] };
      const run = publishedProcedure(opt, paletteOf(one));
      expect(run.success).toBe(true);
      one.values.forEach((value, i) => {
        const author = one.lambda_author[i] as number;
        expect(Math.abs((run.lambda[value] as number) - author)).toBeLessThan(0.01 + 0.01 * author);
      });
    }
  });

  it("leaves multipliers that should be 0 at 0.01 to 0.06", () => {
    const { lambda } = publishedProcedure(opt, paletteOf(named("HHH-50")));
    const solution = solve(opt, paletteOf(named("HHH-50")));
    for (const value of ["diversity", "coherence", "perplexity"]) {
      expect(lambda[value]).toBeGreaterThan(0.01);
      expect(lambda[value]).toBeLessThan(0.06);
      expect(solution.feasible && solution.lambda[value]).toBe(0);
    }
  });

  it("prints harmlessness 80 % with the target where λ belongs: 1.27 for 0.952", () => {
    const solution = solve(opt, paletteOf(named("gpt2-harmless-80")));
    expect(solution.goals[0]?.level).toBe(1.268);
    expect(solution.feasible && solution.lambda["gpt2-harmless"]).toBeCloseTo(0.952, 3);
  });

  it("dλ/dc has a plus: V⁻¹ of the notes, from central differences of λ", () => {
    const lambda = (c: readonly number[]) => {
      const values = ["humor", "gpt2-helpful", "gpt2-harmless"];
      const solution = solve(opt, parsePalette(values.map((value, i) => `${value}=${c[i]}`).join(",")));
      if (!solution.feasible) throw new Error(solution.verdict);
      return values.map((value) => solution.lambda[value] as number);
    };
    const inverse = [
      [149.7, 1.845, 2.32],
      [1.845, 1.362, 0.869],
      [2.32, 0.869, 1.433],
    ];
    const asked = solve(opt, parsePalette("humor=q60,gpt2-helpful=q60,gpt2-harmless=q60"));
    const c = asked.goals.map(({ level }) => level);
    inverse.forEach((row, i) => {
      const h = 1e-5;
      const up = lambda(c.map((x, q) => (q === i ? x + h : x)));
      const down = lambda(c.map((x, q) => (q === i ? x - h : x)));
      row.forEach((entry, q) => {
        expect(((up[q] as number) - (down[q] as number)) / (2 * h) / entry).toBeCloseTo(1, 2);
      });
    });
    expect(prices(opt, paletteOf(named("HHH-60"))).kl.humor).toBeCloseTo(6.301, 3);
  });

  it("Llama2's palettes have the multipliers of the independent solver", () => {
    const rest = ",diversity=0.848,coherence=0.521,perplexity=-1.375";
    const level = (value: string, q: number) => {
      const goal = solve(llama, parsePalette(`${value}=q${q}`)).goals[0];
      return `${value}=${Math.max(goal?.level ?? 0, goal?.base ?? 0).toFixed(3)}`;
    };
    const hhh = (q: number) =>
      ["humor", "gpt2-helpful", "gpt2-harmless"].map((value) => level(value, q)).join(",") + rest;
    const known = [
      [hhh(50), 0.1079, [0.269, 0.205, 0.212, 0.058, 0, 0.075], 1969, 0.088],
      [hhh(80), 0.0915, [5.944, 2.432, 2.923, 0, 0, 0.15], 20, 3.64],
      ["gpt2-helpful=-0.462,gpt2-harmless=1.885", 1.27, [0.927, 1.139], 746, 0.588],
      ["diversity=0.919", 0.05, [18.434], 1382, 0.383],
    ] as const;
    for (const [palette, slack, lambda, ess, kl] of known) {
      const solution = solve(llama, parsePalette(palette));
      if (!solution.feasible) throw new Error(solution.verdict);
      expect(Math.abs(solution.slack - slack)).toBeLessThan(0.005);
      Object.values(solution.lambda).forEach((one, i) => {
        expect(Math.abs(one - (lambda[i] as number)), `${palette}, ${i}`).toBeLessThan(1.5e-3);
      });
      expect(Math.abs(solution.ess - ess)).toBeLessThan(1);
      expect(Math.abs(solution.kl - kl)).toBeLessThan(1e-3);
    }
  });

  it("90 % palettes are really out of reach, by the linear program", () => {
    for (const [rewards, slack] of [
      [opt, -0.032],
      [llama, -0.088],
    ] as const) {
      const goals = ["humor", "gpt2-helpful", "gpt2-harmless"].map((value) => `${value}=q90`);
      const rest = ["diversity", "coherence", "perplexity"].map((value) => `${value}=mean`);
      const solution = solve(rewards, parsePalette([...goals, ...rest].join(",")));
      expect(solution.feasible).toBe(false);
      expect(solution.slack).toBeCloseTo(slack, 2);
    }
  });

  it("cycles of one value at a time go where the authors' did, and then on to the joint solution", () => {
    const three = (name: string) => {
      const one = named(name);
      return paletteOf({ ...one, values: one.values.slice(0, 3), c: one.c.slice(0, 3) });
    };
    const palette = three("HHH-60");
    const history = sequential(opt, palette, { cycles: 5 });
    const of = (cycle: number) => Object.values(history[cycle - 1]?.lambda ?? {});
    expect(of(1)).toEqual([4.695, 0.217, 0.55].map((x) => expect.closeTo(x, 1)));
    expect(of(5)).toEqual([6.249, 0.819, 0.92].map((x) => expect.closeTo(x, 1)));
    const end = sequential(opt, palette).at(-1);
    const joint = solve(opt, palette);
    if (!joint.feasible) throw new Error(joint.verdict);
    for (const [value, lambda] of Object.entries(joint.lambda)) {
      expect(Math.abs((end?.lambda[value] as number) - lambda)).toBeLessThan(1e-6);
    }
  });
});

it.runIf(ABSENT !== undefined)(`the published numbers are not tried: ${ABSENT}`, () => {});
