import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quantileInPlace, quantileOfSorted, rankOfSorted } from "./quantile.ts";

describe("a quantile", () => {
  it("is linear between order statistics, as NumPy's default", () => {
    // np.quantile([3, 1, 4, 1.5, 9], [0, .1, .25, .5, .7, .95, 1])
    const expected = [1, 1.2, 1.5, 3, 3.8, 8, 9];
    [0, 0.1, 0.25, 0.5, 0.7, 0.95, 1].forEach((q, i) => {
      expect(quantileInPlace(Float64Array.of(3, 1, 4, 1.5, 9), q)).toBeCloseTo(expected[i] as number, 14);
    });
    expect(quantileOfSorted(Float64Array.of(7), 0.3)).toBe(7);
  });

  it("rises with q and stays within the numbers", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map((x) => x + 0),
          { minLength: 1 },
        ),
        (numbers) => {
          const sorted = Float64Array.from(numbers).sort();
          const at = [0, 0.2, 0.5, 0.9, 1].map((q) => quantileOfSorted(sorted, q));
          for (const q of [0, 0.2, 0.5, 0.9, 1]) {
            expect(quantileInPlace(Float64Array.from(numbers), q)).toBe(quantileOfSorted(sorted, q));
          }
          expect(at[0]).toBe(sorted[0]);
          expect(at[4]).toBe(sorted.at(-1));
          for (let i = 1; i < at.length; i++) expect(at[i]).toBeGreaterThanOrEqual(at[i - 1] as number);
        },
      ),
    );
  });

  it("has the rank of a level as its inverse: the share of numbers below", () => {
    const sorted = Float64Array.of(1, 2, 2, 3);
    expect([0, 1, 2, 2.5, 9].map((level) => rankOfSorted(sorted, level))).toEqual([0, 0, 0.25, 0.75, 1]);
  });
});
