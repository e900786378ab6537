import { dirichlet, key, rng, sample, split } from "@concord/engine";
import { classesPartition, describePartition } from "@concord/learning";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Choice, GroupQuestion } from "./choose-group.ts";
import { chooseGroup, groupDivergence } from "./choose-group.ts";
import { divergence, pooled } from "./label-shares.ts";

const UNIFORM = Array<number>(10).fill(0.1);

function question(
  eligible: readonly Choice[],
  atMost: number,
  seed: number,
  whole: readonly number[] = UNIFORM,
): GroupQuestion {
  return { given: [], eligible, atMost, whole, rng: rng(key(seed)) };
}

const LABELS = Int32Array.from({ length: 1000 }, (_, i) => i % 10);

/** Ten of 100 parties of equal size, each with K of ten classes in equal shards, as the paper deals them. */
function drawParties(K: number, seed: number): Choice[] {
  const { histograms } = describePartition(
    LABELS,
    10,
    classesPartition(LABELS, 10, 100, K, split(key("shards"), seed)),
  );
  const parties = histograms.map((counts, i) => ({
    party: `p${i}`,
    examples: 10,
    shares: counts.map((count) => count / 10),
  }));
  return sample(rng(split(key("draw"), K, seed)), parties, 10);
}

const known = new Map<number, readonly Choice[][]>();

function thousandDraws(K: number): readonly Choice[][] {
  const drawn = known.get(K) ?? Array.from({ length: 1000 }, (_, seed) => drawParties(K, seed));
  known.set(K, drawn);
  return drawn;
}

/** Parties of random sizes with Dirichlet(0.3) labels, and what they have together. */
function unevenParties(n: number, seed: number): { parties: Choice[]; whole: readonly number[] } {
  const r = rng(split(key("uneven"), seed));
  const parties = Array.from({ length: n + 5 }, (_, i) => ({
    party: `p${i}`,
    examples: 10 + r.below(500),
    shares: dirichlet(r, 0.3, 10),
  }));
  return { parties: parties.slice(0, n), whole: pooled(parties) };
}

/** Every group of 1 … atMost parties, without a search. */
function allGroups(parties: readonly Choice[], atMost: number): Choice[][] {
  return Array.from({ length: 2 ** parties.length - 1 }, (_, bits) =>
    parties.filter((_, i) => (bits + 1) & (1 << i)),
  ).filter(({ length }) => length <= atMost);
}

describe("the group of least divergence", () => {
  it.each(["exact", "orders"] as const)("is what can be seen by eye: %s", (search) => {
    const [a, b, c] = [
      { party: "a", examples: 10, shares: [1, 0] },
      { party: "b", examples: 30, shares: [0, 1] },
      { party: "c", examples: 10, shares: [0, 1] },
    ];
    if (a === undefined || b === undefined || c === undefined) throw new Error("there are three");
    const names = (atMost: number, whole: number[]) =>
      chooseGroup(question([a, b, c], atMost, 1, whole), search).map(({ party }) => party);
    expect(names(3, [0.5, 0.5])).toEqual(["a", "c"]);
    expect(names(3, [0.25, 0.75])).toEqual(["a", "b"]);
    expect(names(3, [0.2, 0.8])).toEqual(["a", "b", "c"]);
    expect(names(1, [0.9, 0.1])).toEqual(["a"]);
    // The weights are the numbers of examples: 10 of 40 and 30 of 40, which is the whole.
    expect(groupDivergence([a, b], [0.25, 0.75])).toBe(0);
  });

  it.each(["exact", "orders"] as const)("is ln(10/3) away with three parties of one class each: %s", (search) => {
    for (let seed = 0; seed < 100; seed++) {
      const active = drawParties(1, seed);
      const classes = new Set(active.map(({ shares }) => shares.indexOf(1))).size;
      expect(classes).toBeGreaterThanOrEqual(3);
      const group = chooseGroup(question(active, 3, seed), search);
      expect(group).toHaveLength(3);
      expect(groupDivergence(group, UNIFORM)).toBeCloseTo(Math.log(10 / 3), 12);
    }
  });

  it.each([
    { K: 1, atMost: 3, size: 3, within: 0, divergence: 1.204 },
    { K: 1, atMost: 6, size: 5.9, within: 0.03, divergence: 0.529 },
    { K: 1, atMost: 9, size: 6.6, within: 0.1, divergence: 0.425 },
    { K: 2, atMost: 6, size: 5.2, within: 0.1, divergence: 0.146 },
    { K: 2, atMost: 9, size: 6.0, within: 0.1, divergence: 0.137 },
  ])(
    "has the size that the paper's cost ratios imply: $K classes, at most $atMost",
    (expected) => {
      const drawn = thousandDraws(expected.K);
      for (const search of ["orders", "exact"] as const) {
        let size = 0;
        let sum = 0;
        for (const [seed, active] of drawn.entries()) {
          const group = chooseGroup(question(active, expected.atMost, seed), search);
          size += group.length / drawn.length;
          sum += groupDivergence(group, UNIFORM) / drawn.length;
        }
        if (expected.within === 0) expect(size).toBeCloseTo(expected.size, 9);
        else expect(Math.abs(size / expected.size - 1)).toBeLessThan(expected.within);
        expect(Math.abs(sum / expected.divergence - 1)).toBeLessThan(0.12);
      }
    },
    60_000,
  );

  it("is, by the exact search, the best of all groups, and no smaller one is as good", () => {
    const cases = fc.record({
      n: fc.integer({ min: 1, max: 8 }),
      atMost: fc.integer({ min: 1, max: 9 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ n, atMost, seed }) => {
        const { parties, whole } = unevenParties(n, seed);
        const found = chooseGroup(question(parties, atMost, seed, whole), "exact");
        const distance = groupDivergence(found, whole);
        for (const group of allGroups(parties, atMost)) {
          expect(groupDivergence(group, whole)).toBeGreaterThan(distance - 1e-11);
          if (group.length < found.length) expect(groupDivergence(group, whole)).toBeGreaterThan(distance);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is found by the published search often, not always, and never a better one than by the exact search", () => {
    let equal = 0;
    for (let seed = 0; seed < 300; seed++) {
      const { parties, whole } = unevenParties(10, seed);
      const [exact, orders] = (["exact", "orders"] as const).map((search) =>
        groupDivergence(chooseGroup(question(parties, 6, seed, whole), search), whole),
      );
      if (exact === undefined || orders === undefined) throw new Error("there are two");
      expect(orders).toBeGreaterThan(exact - 1e-11);
      if (orders < exact + 1e-9) equal++;
    }
    // 223 when this was written.
    expect(equal).toBeGreaterThan(180);
    expect(equal).toBeLessThan(270);
  });

  it("is never empty, never too large, and holds only parties that may be in it", () => {
    const cases = fc.record({
      n: fc.integer({ min: 1, max: 20 }),
      atMost: fc.integer({ min: 1, max: 20 }),
      seed: fc.nat(),
      search: fc.constantFrom("auto" as const, "orders" as const),
    });
    fc.assert(
      fc.property(cases, ({ n, atMost, seed, search }) => {
        const { parties, whole } = unevenParties(n, seed);
        const group = chooseGroup(question(parties, atMost, seed, whole), search);
        expect(group.length).toBeGreaterThanOrEqual(1);
        expect(group.length).toBeLessThanOrEqual(atMost);
        // In the order of the parties, each once.
        expect(group).toEqual(parties.filter((party) => group.includes(party)));
        expect(chooseGroup(question(parties, atMost, seed, whole), search)).toEqual(group);
      }),
      { numRuns: 40 },
    );
    expect(chooseGroup(question([], 3, 1), "exact")).toEqual([]);
    expect(chooseGroup(question(drawParties(1, 1), 0, 1), "orders")).toEqual([]);
  });

  it.each(["exact", "orders"] as const)("finds a group where the whole lacks its classes: %s", (search) => {
    const strangers = [0, 1].map((i) => ({ party: `s${i}`, examples: 5, shares: [0, 0, 1] }));
    const known = { party: "known", examples: 5, shares: [1, 0, 0] };
    const whole = [0.5, 0.5, 0];
    expect(chooseGroup(question(strangers, 2, 1, whole), search)).toHaveLength(1);
    expect(chooseGroup(question([...strangers, known], 3, 1, whole), search)).toEqual([known]);
  });

  it.each(["exact", "orders"] as const)("adds to those given only what brings it nearer: %s", (search) => {
    const of = (party: string, shares: number[]) => ({ party, examples: 10, shares });
    const given = [of("a", [1, 0, 0]), of("b", [0, 1, 0])];
    const eligible = [of("c", [1, 0, 0]), of("d", [0, 0, 1]), of("e", [0, 0, 1])];
    const group = (whole: number[], atMost: number) =>
      chooseGroup({ given, eligible, atMost, whole, rng: rng(key(3)) }, search).map(({ party }) => party);
    expect(group([0.5, 0.5, 0], 5)).toEqual(["a", "b"]);
    expect(group([0.4, 0.2, 0.4], 5)).toEqual(["a", "b", "c", "d", "e"]);
    expect(group([0.4, 0.2, 0.4], 2)).toEqual(["a", "b"]);
    expect(group([0.5, 0.25, 0.25], 4)).toSatisfy((names: string[]) => names.includes("c") && names.length === 4);
  });

  it("prefers no name among parties with equal labels", () => {
    const twins = Array.from({ length: 8 }, (_, i) => ({ party: `p${i}`, examples: 10, shares: [0.5, 0.5] }));
    for (const search of ["exact", "orders"] as const) {
      const counts = new Map<string, number>();
      for (let seed = 0; seed < 800; seed++) {
        const [first] = chooseGroup(question(twins, 3, seed, [0.5, 0.5]), search);
        counts.set(first?.party ?? "", (counts.get(first?.party ?? "") ?? 0) + 1);
      }
      // Binomial(800, 1/8): 100 ± 9.4.
      for (const { party } of twins) expect(Math.abs((counts.get(party) ?? 0) - 100)).toBeLessThan(45);
    }
  });

  it("is refused beyond 16 parties by the exact search, which says what takes more", () => {
    const { parties, whole } = unevenParties(17, 1);
    expect(() => chooseGroup(question(parties, 5, 1, whole), "exact")).toThrow(
      'search "exact" takes at most 16 parties that may be chosen, got 17; "auto" takes any number',
    );
    expect(divergence(pooled(chooseGroup(question(parties, 5, 1, whole), "auto")), whole)).toBeGreaterThan(0);
  });
});
