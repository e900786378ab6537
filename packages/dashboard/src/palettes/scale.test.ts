import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { histogram, outline } from "./histogram.ts";
import { formatLevel, placeOn, scaleOver } from "./scale.ts";

describe("a slider's scale", () => {
  it("has round ends and steps", () => {
    expect(scaleOver(-1.234, 3.9)).toEqual({ min: -1.24, max: 3.9, step: 0.02, decimals: 2 });
    expect(scaleOver(0, 1)).toEqual({ min: 0, max: 1, step: 0.005, decimals: 3 });
    expect(scaleOver(120, 14_000)).toEqual({ min: 100, max: 14_000, step: 50, decimals: 0 });
  });

  it("holds what it was made for, in some hundred steps", () => {
    const ends = fc.tuple(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    );
    fc.assert(
      fc.property(ends, ([low, span]) => {
        fc.pre(span > 1e-9 * Math.abs(low));
        const { min, max, step } = scaleOver(low, low + span);
        const dust = 1e-6 * step;
        expect(min).toBeLessThanOrEqual(low + dust);
        expect(max).toBeGreaterThanOrEqual(low + span - dust);
        expect((max - min) / step).toBeLessThan(400);
        expect((max - min) / step).toBeGreaterThan(100);
      }),
    );
  });

  it("places levels, and those beyond it at its ends", () => {
    const scale = scaleOver(0, 10);
    expect([-5, 0, 2.5, 10, 99].map((level) => placeOn(scale, level))).toEqual([0, 0, 0.25, 1, 1]);
  });

  it("writes levels with a decimal more than it has, without needless zeros", () => {
    const scale = scaleOver(0, 3);
    expect([0, 1.5, -0.125, 2.004, -0.0001].map((level) => formatLevel(scale, level))).toEqual([
      "0",
      "1.5",
      "−0.125",
      "2.004",
      "0",
    ]);
  });
});

describe("a distribution", () => {
  it("counts weight, with what lies beyond the ends in the outermost bars", () => {
    const numbers = [-1, 0, 0.5, 1, 7];
    const weights = [0.1, 0.2, 0.3, 0.3, 0.1];
    const bars = histogram(
      scaleOver(0, 1),
      5,
      (j) => numbers[j] as number,
      (j) => weights[j] as number,
    );
    expect(bars[0]).toBeCloseTo(0.3);
    expect(bars[24]).toBeCloseTo(0.3);
    expect(bars.at(-1)).toBeCloseTo(0.4);
    expect(bars.reduce((sum, bar) => sum + bar)).toBeCloseTo(1);
  });

  it("is drawn as steps, cut off at the top of the picture", () => {
    expect(outline([0.5, 1, 2], 30, 10, 1)).toBe("M0 10L0 5H10L10 0H20L20 0H30L30 10Z");
  });
});
