import { key } from "@concord/engine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ablestLevel, drawAbility } from "./able-parties.ts";
import { declaredLabels } from "./label-shares.ts";
import type { PlacementRules } from "./place-parties.ts";
import { partOf, placeParties } from "./place-parties.ts";

/** One class each, in turn, all of the same size but for `more` examples from one to the next. */
function oneClassEach(count: number, classes: number, more = 0) {
  return Array.from({ length: count }, (_, i) => {
    const labels = Array<number>(classes).fill(0);
    labels[i % classes] = 20 + more * i;
    return { id: `p${String(i).padStart(3, "0")}`, examples: 20 + more * i, labels };
  });
}

const RULES: PlacementRules = { ratios: [0.6, 0.4], budget: "server", group: "divergence", search: "auto" };

function place(parties: ReturnType<typeof oneClassEach>, rules: Partial<PlacementRules>, options: Options = {}) {
  const { seed = 1, ableAt = () => 0, mayBeFast = () => true, active = parties } = options;
  const context = { active, labels: declaredLabels(parties), ableAt, mayBeFast, key: key(seed) };
  return placeParties({ ...RULES, ...rules }, context);
}

interface Options {
  readonly seed?: number;
  readonly ableAt?: (party: string) => number;
  readonly mayBeFast?: (party: string) => boolean;
  readonly active?: ReturnType<typeof oneClassEach>;
}

describe("a placement at two levels", () => {
  it("makes at most p of the active parties fast under the server's budget", () => {
    const { levelOf, fast } = place(oneClassEach(10, 10), {});
    expect(fast?.parties).toHaveLength(6);
    expect(fast?.divergence).toBeCloseTo(Math.log(10 / 6), 12);
    expect(fast?.parties).toEqual([...(fast?.parties ?? [])].sort());
    for (const [party, level] of levelOf) expect(level).toBe(fast?.parties.includes(party) ? 0 : 1);
    expect(levelOf.size).toBe(10);
    // Four classes need four parties, however many there may be.
    expect(place(oneClassEach(12, 4), {}).fast).toMatchObject({ divergence: 0 });
    expect(place(oneClassEach(12, 4), {}).fast?.parties).toHaveLength(4);
  });

  it("makes only able parties fast under the parties' budget, and all of those if it likes", () => {
    const able = new Set(["p000", "p001", "p002", "p003", "p004", "p005", "p006"]);
    const ableAt = (party: string) => (able.has(party) ? 0 : 1);
    const { fast } = place(oneClassEach(10, 10), { budget: "party", ratios: [0.1, 0.9] }, { ableAt });
    expect(fast?.parties).toEqual([...able]);
    expect(place(oneClassEach(10, 10), { budget: "party" }, { ableAt: () => 1 }).fast).toBeUndefined();
  });

  it("makes all fast where the ratio is 1, whatever their labels, and none where it is 0", () => {
    for (const budget of ["server", "party"] as const) {
      const all = place(oneClassEach(12, 4), { budget, ratios: [1, 0] });
      expect(all.fast?.parties).toHaveLength(12);
    }
    const none = place(oneClassEach(12, 4), { ratios: [0, 1] });
    expect(none.fast).toBeUndefined();
    expect([...none.levelOf.values()]).toEqual(Array(12).fill(1));
  });

  it("compares with everybody, not with those who are active", () => {
    const parties = oneClassEach(10, 10);
    const { fast } = place(parties, {}, { active: parties.slice(0, 5) });
    expect(fast?.parties).toHaveLength(3);
    expect(fast?.divergence).toBeCloseTo(Math.log(10 / 3), 12);
  });

  it("leaves out those who have been fast often enough", () => {
    const { fast } = place(oneClassEach(10, 10), {}, { mayBeFast: (party) => party >= "p007" });
    expect(fast?.parties).toEqual(["p007", "p008", "p009"]);
    expect(place(oneClassEach(10, 10), {}, { mayBeFast: () => false }).fast).toBeUndefined();
  });

  it("has controls of the same size: at random, and by data", () => {
    const parties = oneClassEach(12, 4, 1);
    const size = place(parties, {}).fast?.parties.length ?? 0;
    expect(size).toBeGreaterThan(3);
    const byData = place(parties, { group: "most-data" }).fast;
    expect(byData?.parties).toEqual(parties.slice(-size).map(({ id }) => id));
    expect(byData?.divergence).toBeGreaterThan(place(parties, {}).fast?.divergence ?? 0);
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 600; seed++) {
      const group = place(parties, { group: "random" }, { seed }).fast?.parties ?? [];
      expect(group).toHaveLength(place(parties, {}, { seed }).fast?.parties.length ?? 0);
      for (const party of group) counts.set(party, (counts.get(party) ?? 0) + 1);
    }
    const mean = [...counts.values()].reduce((a, b) => a + b, 0) / 12;
    for (const { id } of parties) expect(Math.abs((counts.get(id) ?? 0) / mean - 1)).toBeLessThan(0.3);
  });
});

describe("a placement at three levels", () => {
  it("nests: each level adds to the faster ones what brings them nearer to the whole, within the budget", () => {
    const { levelOf, fast } = place(oneClassEach(10, 10), { ratios: [0.2, 0.3, 0.5] });
    const at = (level: number) => [...levelOf.values()].filter((found) => found === level).length;
    expect([at(0), at(1), at(2)]).toEqual([2, 3, 5]);
    expect(fast?.parties).toHaveLength(2);
    // Two classes: one party of each is all of it, so nobody is added at the second level.
    const even = place(oneClassEach(10, 2), { ratios: [0.2, 0.3, 0.5] });
    expect([...even.levelOf.values()].filter((level) => level === 1)).toEqual([]);
    expect(even.fast).toMatchObject({ divergence: 0 });
  });

  it("keeps to what parties are able to do, and places everybody once, by any rule", () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 14 }),
      ratios: fc
        .array(fc.nat(10), { minLength: 3, maxLength: 3 })
        .filter((parts) => parts.some((part) => part > 0))
        .map((parts) => parts.map((part) => part / parts.reduce((a, b) => a + b, 0))),
      budget: fc.constantFrom("server" as const, "party" as const),
      group: fc.constantFrom("divergence" as const, "random" as const, "most-data" as const),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ count, ratios, budget, group, seed }) => {
        const parties = oneClassEach(count, 5, 3);
        const ableAt = budget === "server" ? () => 0 : ablestLevel(drawAbility(key(seed)), parties, ratios);
        const { levelOf, fast } = place(parties, { ratios, budget, group }, { seed, ableAt });
        expect([...levelOf.keys()].sort()).toEqual(parties.map(({ id }) => id));
        for (const [party, level] of levelOf) expect(level).toBeGreaterThanOrEqual(ableAt(party));
        const upTo = (level: number) => [...levelOf.values()].filter((found) => found <= level).length;
        if (budget === "server") {
          expect(upTo(0)).toBeLessThanOrEqual(partOf(ratios[0] ?? 0, count));
          expect(upTo(1)).toBeLessThanOrEqual(partOf((ratios[0] ?? 0) + (ratios[1] ?? 0), count));
        }
        expect(fast?.parties.length ?? 0).toBe(upTo(0));
        if (fast) expect(fast.parties.length).toBeGreaterThan(0);
      }),
      { numRuns: 150 },
    );
  });
});

describe("who is able to be fast", () => {
  const parties = oneClassEach(100, 10);
  const ableAmong = (of: typeof parties, ratios: readonly number[], seed = 1) => {
    const levelOf = ablestLevel(drawAbility(key(seed)), of, ratios);
    return of.filter(({ id }) => levelOf(id) === 0).map(({ id }) => id);
  };

  it("is a fixed draw of p N parties", () => {
    expect(ableAmong(parties, [0.3, 0.7])).toHaveLength(30);
    expect(ableAmong(parties, [0.3, 0.7])).toEqual(ableAmong(parties, [0.3, 0.7]));
    expect(ableAmong(parties, [0.3, 0.7], 2)).not.toEqual(ableAmong(parties, [0.3, 0.7], 1));
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 300; seed++) {
      for (const id of ableAmong(parties, [0.3, 0.7], seed)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    // Binomial(300, 0.3): 90 ± 7.9.
    for (const { id } of parties) expect(Math.abs((counts.get(id) ?? 0) - 90)).toBeLessThan(40);
  });

  it("changes for at most one other party when somebody joins", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.nat(59),
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, at, seed, p) => {
          const after = parties.slice(0, n);
          const before = after.filter((_, i) => i !== at % n);
          const [now, then] = [new Set(ableAmong(after, [p, 1 - p], seed)), ableAmong(before, [p, 1 - p], seed)];
          expect(then.filter((id) => !now.has(id)).length).toBeLessThanOrEqual(1);
          expect(before.filter(({ id }) => now.has(id) && !then.includes(id)).length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe("a part of a number", () => {
  it("is not missed by a rounding error", () => {
    expect(partOf(0.29, 100)).toBe(29);
    expect(partOf(0.6, 10)).toBe(6);
    expect(partOf(0.7, 10)).toBe(7);
    expect(partOf(0.35, 10)).toBe(3);
  });
});
