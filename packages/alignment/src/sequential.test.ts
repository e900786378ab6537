import { describe, expect, it } from "vitest";
import { gaussianPairs } from "../test/synthetic.ts";
import { parsePalette } from "./palette.ts";
import { sequential } from "./sequential.ts";
import { solve } from "./solve.ts";

describe("one value at a time", () => {
  const rewards = gaussianPairs(4000, 0.7, "counterexample");
  const palette = parsePalette("a=0.5,b=0.6");
  const joint = solve(rewards, palette);
  if (!joint.feasible) throw new Error(joint.verdict);

  it("ends at the joint solution when each step may lower its multiplier again", () => {
    const last = sequential(rewards, palette).at(-1);
    expect(last?.lambda.a).toBeCloseTo(joint.lambda.a as number, 7);
    expect(last?.lambda.b).toBeCloseTo(joint.lambda.b as number, 7);
    expect(last?.kl).toBeCloseTo(joint.kl, 9);
    expect(last?.kkt).toBeLessThanOrEqual(1e-8);
  });

  it("as printed stays short of it for positively correlated values: Theorem 5 is false", () => {
    const history = sequential(rewards, palette, { scheme: "as-printed", cycles: 500 });
    const last = history.at(-1);
    // The first step sets λ_a as if b were not there; no later step can take it back.
    expect(last?.lambda.a).toBe(history[0]?.lambda.a);
    expect(last?.lambda.a).toBeGreaterThan(2 * (joint.lambda.a as number));
    expect(last?.kl).toBeGreaterThan(1.2 * joint.kl);
    expect(last?.realised.a).toBeGreaterThan(0.6);
    expect(last?.realised.b).toBeCloseTo(0.6, 6);
  });

  it("both ways agree for values that work against each other, since no multiplier has to come down", () => {
    const opposed = gaussianPairs(2000, -0.4, "opposed");
    const ask = parsePalette("a=0.3,b=0.3");
    const [one, other] = (["coordinate", "as-printed"] as const).map((scheme) =>
      sequential(opposed, ask, { scheme }).at(-1),
    );
    expect(one?.lambda.a).toBeCloseTo(other?.lambda.a as number, 7);
    expect(one?.kl).toBeCloseTo(other?.kl as number, 9);
  });

  it("is refused where the palette cannot be reached", () => {
    expect(() => sequential(rewards, parsePalette("a=99"))).toThrow("not reachable");
    expect(() => sequential(rewards, palette, { cycles: 0 })).toThrow("cycles must be 1 or more");
  });
});
