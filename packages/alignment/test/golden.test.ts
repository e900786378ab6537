import { type Rewards, solve } from "@concord/alignment";
import { beforeAll, describe, expect, it } from "vitest";
import { ABSENT, cases, type GoldenCase, paletteOf, released } from "./released.ts";

/** Palettes on the released rewards whose solutions an independent solver has worked out. */
describe.skipIf(ABSENT !== undefined)("the released rewards", () => {
  let llama: Rewards;
  let opt: Rewards;
  beforeAll(() => {
    llama = released("llama2_chat");
    opt = released("opt1.3b");
  });
  const rewardsOf = ({ file }: GoldenCase): Rewards => (file.startsWith("llama") ? llama : opt);

  it("give λ to 1e-4 (or 1e-5) and KL to 1e-6 in every case with an exact solution", () => {
    const solved = cases("golden_cases.json").filter(({ lambda_exact }) => lambda_exact);
    expect(solved.length).toBeGreaterThan(100);
    for (const one of solved) {
      const solution = solve(rewardsOf(one), paletteOf(one));
      if (!solution.feasible) throw new Error(`line ${one.line} was not solved`);
      expect(solution.kkt).toBeLessThanOrEqual(1e-8);
      expect(Math.abs(solution.kl - (one.kl_exact as number))).toBeLessThanOrEqual(1e-6);
      one.values.forEach((value, i) => {
        const exact = one.lambda_exact?.[i] as number;
        const error = Math.abs((solution.lambda[value] as number) - exact);
        expect(error, `line ${one.line}, ${value}`).toBeLessThanOrEqual(Math.max(1e-5, 1e-4 * Math.abs(exact)));
      });
    }
  });

  it("classify every palette as the linear program does, and agree on its optimum", () => {
    for (const one of cases("golden_cases.json")) {
      const solution = solve(rewardsOf(one), paletteOf(one));
      expect(Math.abs(solution.slack - one.lp_max_slack), `line ${one.line}`).toBeLessThanOrEqual(2e-6);
      if (Math.abs(one.lp_max_slack) >= 1e-3) expect(solution.feasible).toBe(one.lp_max_slack > 0);
    }
  });

  it("give the palettes of the tables, the one that the paper calls infeasible among them", () => {
    for (const one of cases("table_cases_opt.json")) {
      const rewards = rewardsOf(one);
      const solution = solve(rewards, paletteOf(one));
      if (!solution.feasible) throw new Error(`${one.name} was not solved`);
      one.values.forEach((value, i) => {
        expect(Math.abs((solution.lambda[value] as number) - (one.lambda_exact?.[i] as number))).toBeLessThan(1e-3);
      });
      rewards.values.forEach((value, i) => {
        expect(Math.abs((solution.realised[value] as number) - (one.realized_all6?.[i] as number))).toBeLessThan(1e-3);
      });
      expect(Math.abs(solution.kl - (one.kl as number))).toBeLessThan(1e-6);
      expect(Math.abs(solution.ess / (one.ess as number) - 1)).toBeLessThan(1e-3);
      expect(solution.estimable).toBe((one.ess as number) >= 50);
    }
  });
});

it.runIf(ABSENT !== undefined)(`the released rewards are not tried: ${ABSENT}`, () => {});
