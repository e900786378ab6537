import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { INTERVALS, LEVELS, schedule } from "./intervals.ts";

const anyT = fc.integer({ min: 1, max: 2000 });
const anyLevel = fc.constantFrom(...LEVELS);

describe("a schedule", () => {
  it("has the published number of exchanges in 250 steps", () => {
    const exchanges = LEVELS.map((level) => [level, schedule(level, 250).length]);
    expect(Object.fromEntries(exchanges)).toEqual({ a: 249, b: 63, c: 16, d: 8, e: 4, f: 2, g: 1 });
  });

  it("is written out for small rounds", () => {
    expect(schedule("a", 1)).toEqual([1]);
    expect(schedule("a", 2)).toEqual([2]);
    expect(schedule("a", 5)).toEqual([1, 2, 3, 5]);
    expect(schedule("b", 8)).toEqual([4, 8]);
    // A segment may start at step T − 1 but not at step T, so nothing is exchanged after step T − 1.
    expect(schedule("b", 10)).toEqual([4, 8, 10]);
    expect(schedule("b", 9)).toEqual([4, 9]);
    expect(schedule("e", 250)).toEqual([64, 128, 192, 250]);
    expect(schedule("g", 250)).toEqual([250]);
  });

  it("cuts T steps into gaps of τ and a last one of 1 … τ + 1 steps, whatever T is", () => {
    fc.assert(
      fc.property(anyLevel, anyT, (level, T) => {
        const τ = INTERVALS[level];
        const steps = schedule(level, T);
        const gaps = steps.map((step, i) => step - (steps[i - 1] ?? 0));
        expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBe(T);
        for (const gap of gaps.slice(0, -1)) expect(gap).toBe(τ);
        expect(gaps.at(-1)).toBeGreaterThanOrEqual(1);
        expect(gaps.at(-1)).toBeLessThanOrEqual(τ + 1);
        expect(steps.length).toBe(Math.floor(Math.max(0, T - 2) / τ) + 1);
        expect(T > 1 && steps.includes(T - 1)).toBe(false);
      }),
    );
  });

  it("of a faster level contains that of every slower one", () => {
    fc.assert(
      fc.property(fc.subarray([...LEVELS], { minLength: 2, maxLength: 2 }), anyT, ([fast, slow], T) => {
        if (fast === undefined || slow === undefined) throw new Error("there are two levels");
        expect(schedule(fast, T)).toEqual(expect.arrayContaining(schedule(slow, T)));
      }),
    );
  });
});
