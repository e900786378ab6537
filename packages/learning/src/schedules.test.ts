import { describe, expect, it } from "vitest";
import { constantSchedule, cosineSchedule, linearSchedule } from "./schedules.ts";

describe("a schedule", () => {
  it("that is constant stays at 1", () => {
    expect([1, 2, 1000].map(constantSchedule)).toEqual([1, 1, 1]);
  });

  it("that is a cosine goes from 1 over the middle to its floor, and stays there", () => {
    const schedule = cosineSchedule(4, 0.2);
    const expected = [1, 0.2 + 0.4 * (1 + Math.SQRT1_2), 0.6, 0.2 + 0.4 * (1 - Math.SQRT1_2), 0.2, 0.2];
    for (const [i, value] of expected.entries()) expect(schedule(i + 1)).toBeCloseTo(value, 12);
    expect(cosineSchedule(4)(5)).toBeCloseTo(0, 12);
  });

  it("that is linear goes straight to its end, and stays there", () => {
    const schedule = linearSchedule(4, 0.5);
    expect([1, 2, 3, 5, 50].map(schedule)).toEqual([1, 0.875, 0.75, 0.5, 0.5]);
    expect(linearSchedule(2)(2)).toBe(0.5);
  });

  it("refuses rounds before the first", () => {
    expect(() => cosineSchedule(4)(0)).toThrow("rounds are counted from 1, got 0");
    expect(() => linearSchedule(0)(1)).toThrow("a schedule needs at least 1 round, got 0");
  });
});
