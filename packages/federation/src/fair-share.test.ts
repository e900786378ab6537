import fc from "fast-check";
import { expect, it } from "vitest";
import { fairShares } from "./fair-share.ts";

it.each<[string, readonly number[], number, readonly number[]]>([
  ["nobody", [], 10, []],
  ["one below the capacity", [4], 10, [4]],
  ["one above the capacity", [40], 10, [10]],
  ["equal ones", [8, 8, 8, 8], 10, [2.5, 2.5, 2.5, 2.5]],
  ["small ones first, the rest in equal parts", [9, 1, 9], 10, [4.5, 1, 4.5]],
  ["all of them where there is room", [5, 1, 3], 100, [5, 1, 3]],
  ["all of them where there is no end of room", [5, 1, 3], Number.POSITIVE_INFINITY, [5, 1, 3]],
])("serves %s", (_, limits, capacity, shares) => {
  expect(fairShares(limits, capacity)).toEqual(shares);
});

it("wastes nothing, gives nobody more than it can take, and the same to all who could take more", () => {
  const limits = fc.array(fc.double({ min: 0.01, max: 1000, noNaN: true }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(limits, fc.double({ min: 0.01, max: 3000, noNaN: true }), (limits, capacity) => {
      const shares = fairShares(limits, capacity);
      const total = shares.reduce((sum, share) => sum + share, 0);
      const wanted = limits.reduce((sum, limit) => sum + limit, 0);
      expect(total).toBeCloseTo(Math.min(wanted, capacity), 6);
      const most = Math.max(...shares);
      for (const [i, share] of shares.entries()) {
        expect(share).toBeLessThanOrEqual(limits[i] as number);
        if (share < (limits[i] as number)) expect(share).toBeCloseTo(most, 6);
      }
    }),
  );
});
