import fc from "fast-check";
import { expect, it } from "vitest";
import { SharedLine } from "./shared-line.ts";

/** What each of some transfers gets that begin at once. */
function shares(limits: readonly number[], capacity: number): readonly number[] {
  const line = new SharedLine(capacity);
  return limits.map((limit) => line.add(limit, 1, 0)).map(({ rate }) => rate);
}

it.each<[string, readonly number[], number, readonly number[]]>([
  ["nobody", [], 10, []],
  ["one below the capacity", [4], 10, [4]],
  ["one above the capacity", [40], 10, [10]],
  ["equal ones", [8, 8, 8, 8], 10, [2.5, 2.5, 2.5, 2.5]],
  ["small ones first, the rest in equal parts", [9, 1, 9], 10, [4.5, 1, 4.5]],
  ["all of them where there is room", [5, 1, 3], 100, [5, 1, 3]],
  ["all of them where there is no end of room", [5, 1, 3], Number.POSITIVE_INFINITY, [5, 1, 3]],
])("serves %s", (_, limits, capacity, expected) => {
  expect(shares(limits, capacity)).toEqual(expected);
});

it("wastes nothing, gives nobody more than it can take, and the same to all who could take more", () => {
  const limits = fc.array(fc.double({ min: 0.01, max: 1000, noNaN: true }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(limits, fc.double({ min: 0.01, max: 3000, noNaN: true }), (limits, capacity) => {
      const given = shares(limits, capacity);
      const total = given.reduce((sum, share) => sum + share, 0);
      const wanted = limits.reduce((sum, limit) => sum + limit, 0);
      expect(total).toBeCloseTo(Math.min(wanted, capacity), 6);
      const most = Math.max(...given);
      for (const [i, share] of given.entries()) {
        expect(share).toBeLessThanOrEqual(limits[i] as number);
        if (share < (limits[i] as number)) expect(share).toBeCloseTo(most, 6);
      }
    }),
  );
});

it("serves the others better when one has left, and worse when one has come", () => {
  const line = new SharedLine(10);
  const first = line.add(100, 100, 0);
  expect(first).toMatchObject({ rate: 10, until: 10 });
  const second = line.add(2, 8, 1);
  expect(first).toMatchObject({ rate: 8, left: 90, since: 1, until: 12.25 });
  expect(second).toMatchObject({ rate: 2, until: 5 });
  line.remove(second, 5);
  expect(first).toMatchObject({ rate: 10, left: 58, since: 5, until: 10.8 });
});

it("leaves alone whose share stays the same", () => {
  const line = new SharedLine(10);
  const small = line.add(1 / 3, 1, 0);
  const { until } = small;
  line.add(8, 100, 0.1);
  line.remove(line.add(50, 1, 0.2), 0.3);
  expect(small).toMatchObject({ since: 0, left: 1, until });
});
