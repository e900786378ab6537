import fc from "fast-check";
import { expect, it } from "vitest";
import { accuracyRange, lossRange } from "./ranges.ts";

it("shows accuracies closer once all are high", () => {
  expect(accuracyRange(10, 20)).toEqual([0, 50]);
  expect(accuracyRange(10, 95)).toEqual([0, 100]);
  expect(accuracyRange(72, 80)).toEqual([50, 100]);
  expect(accuracyRange(91, 97)).toEqual([80, 100]);
});

it("puts every loss on its axis, in at least half of its height", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (most) => {
      const [floor, top] = lossRange(0, most);
      expect(floor).toBe(0);
      expect(top).toBeGreaterThanOrEqual(most);
      expect(top).toBeLessThanOrEqual(2.2 * most);
    }),
  );
});

it("survives losses that cannot be drawn", () => {
  expect(lossRange(0, Number.NaN)).toEqual([0, 1]);
  expect(lossRange(0, Number.POSITIVE_INFINITY)).toEqual([0, 1]);
});
