import { describe, expect, it } from "vitest";
import type { Member, RoundPlan } from "./plan.ts";
import { checkPlan, exchangeSteps, segmentOf } from "./plan.ts";

const fast: Member = { party: "fast", examples: 10, exchanges: [4, 8, 12, 16] };
const slow: Member = { party: "slow", examples: 30, exchanges: [16] };
const plan = (overrides: Partial<RoundPlan> = {}): RoundPlan => ({
  round: 1,
  steps: 16,
  members: [fast, slow],
  ...overrides,
});

describe("a plan", () => {
  it("divides the steps of each member into segments", () => {
    expect([0, 1, 2, 3, 4].map((index) => segmentOf(fast, index))).toEqual([
      { party: "fast", index: 0, from: 0, to: 4 },
      { party: "fast", index: 1, from: 4, to: 8 },
      { party: "fast", index: 2, from: 8, to: 12 },
      { party: "fast", index: 3, from: 12, to: 16 },
      undefined,
    ]);
    expect(segmentOf(slow, 0)).toEqual({ party: "slow", index: 0, from: 0, to: 16 });
    expect(segmentOf(slow, -1)).toBeUndefined();
  });

  it("has an exchange wherever somebody exchanges", () => {
    expect(exchangeSteps(plan())).toEqual([4, 8, 12, 16]);
    expect(exchangeSteps(plan({ members: [slow, { ...fast, party: "z", exchanges: [10, 16] }] }))).toEqual([10, 16]);
  });

  it("is accepted where it keeps the rules", () => {
    checkPlan(plan());
    checkPlan(plan({ round: 7, steps: 1, members: [{ party: "x", examples: 1, exchanges: [1] }] }));
  });

  it.each<[string, Partial<RoundPlan>, string]>([
    ["a round before the first", { round: 0 }, "round 0 is not ≥ 1"],
    ["no steps", { steps: 0 }, "steps 0 is not ≥ 1"],
    ["half a step", { steps: 1.5 }, "steps 1.5 is not ≥ 1"],
    ["no members", { members: [] }, "round 1 has no members"],
    ["members out of order", { members: [slow, fast] }, '"fast" is not in party order'],
    ["a member twice", { members: [fast, fast] }, '"fast" is not in party order'],
    ["a member without examples", { members: [{ ...fast, examples: 0 }] }, '"fast" has 0 examples'],
    ["no exchanges", { members: [{ ...fast, exchanges: [] }] }, '"fast" exchanges at []'],
    ["exchanges that end early", { members: [{ ...fast, exchanges: [4] }] }, "expected ascending steps that end at 16"],
    ["exchanges that run over", { members: [{ ...fast, exchanges: [16, 20] }] }, "end at 16"],
    ["an exchange twice", { members: [{ ...fast, exchanges: [8, 8, 16] }] }, "ascending"],
    ["an exchange before the first step", { members: [{ ...fast, exchanges: [0, 16] }] }, "ascending"],
    ["half an exchange", { members: [{ ...fast, exchanges: [1.5, 16] }] }, "ascending"],
  ])("is refused with %s", (_, overrides, message) => {
    expect(() => checkPlan(plan(overrides))).toThrow(RangeError);
    expect(() => checkPlan(plan(overrides))).toThrow(message);
  });
});
