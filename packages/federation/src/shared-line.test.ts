import fc from "fast-check";
import { expect, it } from "vitest";
import { SharedLine } from "./shared-line.ts";

/** What each of some transfers gets that begin at once: a small one among large ones ends by its own rate. */
function shares(limits: readonly number[], capacity: number): readonly number[] {
  return limits.map((_, small) => {
    const line = new SharedLine<number>(capacity);
    for (const [i, limit] of limits.entries()) line.add(i, limit, i === small ? 1 : 1e9, 0);
    const rate = 1 / line.nextEnd;
    expect(line.endNext()).toBe(small);
    return rate;
  });
}

it.each<[string, readonly number[], number, readonly number[]]>([
  ["nobody", [], 10, []],
  ["one below the capacity", [4], 10, [4]],
  ["one at the capacity", [10], 10, [10]],
  ["one above the capacity", [40], 10, [10]],
  ["equal ones", [8, 8, 8, 8], 10, [2.5, 2.5, 2.5, 2.5]],
  ["small ones first, the rest in equal parts", [9, 1, 9], 10, [4.5, 1, 4.5]],
  ["all of them where there is room", [5, 1, 3], 100, [5, 1, 3]],
  ["all of them where there is no end of room", [5, 1, 3], Number.POSITIVE_INFINITY, [5, 1, 3]],
])("serves %s", (_, limits, capacity, expected) => {
  const given = shares(limits, capacity);
  expect(given).toHaveLength(expected.length);
  for (const [i, share] of expected.entries()) expect(given[i]).toBeCloseTo(share, 12);
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
        expect(share).toBeLessThanOrEqual((limits[i] as number) * (1 + 1e-12));
        if (share < (limits[i] as number) * (1 - 1e-9)) expect(share).toBeCloseTo(most, 6);
      }
    }),
  );
});

it("serves the others better when one has left, and worse when one has come", () => {
  const line = new SharedLine<string>(10);
  line.add("first", 100, 100, 0);
  expect(line.nextEnd).toBe(10);
  // From then on they get 8 and 2: 90 bytes of the first are left.
  line.add("second", 2, 8, 1);
  expect(line.nextEnd).toBe(5);
  expect(line.endNext()).toBe("second");
  // 58 are left, at 10 again.
  expect(line.nextEnd).toBeCloseTo(10.8, 12);
  expect(line.endNext()).toBe("first");
  expect(line.nextEnd).toBe(Number.POSITIVE_INFINITY);
  expect(() => line.endNext()).toThrow(RangeError);
});

it("keeps the end of a transfer, to the last bit, whose share stays the same", () => {
  const line = new SharedLine<string>(10);
  line.add("small", 1 / 3, 1, 0);
  const end = line.nextEnd;
  line.add("large", 8, 100, 0.1);
  line.add("in between", 50, 1, 0.2);
  expect(line.endNext()).toBe("in between");
  expect(line.nextEnd).toBe(end);
  expect(line.endNext()).toBe("small");
});

it("ends every transfer when one does that works out all shares anew at every change", () => {
  const transfer = fc.record({
    // Some limits and instants are the same for several.
    limit: fc.oneof(fc.constantFrom(1, 2, 5), fc.double({ min: 0.1, max: 20, noNaN: true })),
    bytes: fc.oneof(fc.constantFrom(0, 1, 10), fc.double({ min: 0, max: 100, noNaN: true })),
    from: fc.oneof(fc.constantFrom(0, 1, 2), fc.double({ min: 0, max: 20, noNaN: true })),
  });
  fc.assert(
    fc.property(
      fc.array(transfer, { maxLength: 30 }),
      fc.double({ min: 0.5, max: 60, noNaN: true }),
      (transfers, capacity) => {
        const ends = followed(transfers, capacity);
        for (const [i, end] of stepped(transfers, capacity).entries()) expect(ends[i]).toBeCloseTo(end, 6);
      },
    ),
    { numRuns: 500 },
  );
});

interface Sent {
  readonly limit: number;
  readonly bytes: number;
  readonly from: number;
}

/** When each ends on the line. */
function followed(transfers: readonly Sent[], capacity: number): readonly number[] {
  const line = new SharedLine<number>(capacity);
  const ends = transfers.map(() => Number.NaN);
  const endUntil = (now: number) => {
    while (line.nextEnd <= now) {
      const end = line.nextEnd;
      ends[line.endNext()] = end;
    }
  };
  for (const [i, { limit, bytes, from }] of [...transfers.entries()].sort(([, a], [, b]) => a.from - b.from)) {
    endUntil(from);
    line.add(i, limit, bytes, from);
  }
  endUntil(Number.MAX_VALUE);
  return ends;
}

/** The same from the definition: between two changes everybody sends at its max-min fair share. */
function stepped(transfers: readonly Sent[], capacity: number): readonly number[] {
  const left = transfers.map(({ bytes }) => bytes);
  const ends = transfers.map(() => Number.NaN);
  for (let now = 0; ends.some(Number.isNaN); ) {
    const present = [...transfers.keys()].filter((i) => Number.isNaN(ends[i]) && (transfers[i] as Sent).from <= now);
    const rates = fairShares(
      present.map((i) => (transfers[i] as Sent).limit),
      capacity,
    );
    const arrivals = transfers.map(({ from }) => from).filter((from) => from > now);
    const departures = present.map((i, k) => now + (left[i] as number) / (rates[k] as number));
    const next = Math.min(...arrivals, ...departures);
    for (const [k, i] of present.entries()) {
      left[i] = (left[i] as number) - (rates[k] as number) * (next - now);
      if (departures[k] === next) ends[i] = next;
    }
    now = next;
  }
  return ends;
}

/** Whoever wants less than an equal part of what is free gets what it wants, until nobody does. */
function fairShares(limits: readonly number[], capacity: number): readonly number[] {
  const rates = limits.map(() => Number.NaN);
  for (;;) {
    const open = [...limits.keys()].filter((i) => Number.isNaN(rates[i]));
    const free = capacity - rates.reduce((sum, rate) => sum + (rate || 0), 0);
    const small = open.filter((i) => (limits[i] as number) <= free / open.length);
    if (small.length === 0) return rates.map((rate) => (Number.isNaN(rate) ? free / open.length : rate));
    for (const i of small) rates[i] = limits[i] as number;
  }
}
