import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { declaredLabels, divergence, pooled, unfitLabels } from "./label-shares.ts";

const party = (id: string, labels: readonly number[], examples = labels.reduce((a, b) => a + b, 0)) => ({
  id,
  examples,
  labels,
});
const simplex = (size: number) =>
  fc.array(fc.integer({ min: 0, max: 50 }), { minLength: size, maxLength: size }).map((counts) => {
    const total = counts.reduce((a, b) => a + b, 0);
    return total === 0 ? counts.map((_, i) => (i === 0 ? 1 : 0)) : counts.map((count) => count / total);
  });

describe("the divergence of two distributions", () => {
  it("has its closed forms", () => {
    const uniform = Array(10).fill(0.1);
    expect(divergence([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], uniform)).toBeCloseTo(Math.log(10), 14);
    expect(divergence([1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0, 0, 0, 0], uniform)).toBeCloseTo(Math.log(10 / 3), 14);
    expect(divergence([0.25, 0.75], [0.5, 0.5])).toBeCloseTo(0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), 14);
    // The direction: the group against the whole, not the whole against the group.
    expect(divergence([1, 0], [0.5, 0.5])).toBeCloseTo(Math.log(2), 14);
    expect(divergence([0.5, 0.5], [1, 0])).toBe(Number.POSITIVE_INFINITY);
  });

  it("is 0 exactly where they are equal", () => {
    fc.assert(
      fc.property(simplex(4), simplex(4), (P, Q) => {
        expect(divergence(P, P)).toBe(0);
        const apart = Math.max(...P.map((p, c) => Math.abs(p - (Q[c] ?? 0))));
        // Pinsker's inequality: KL ≥ ‖P − Q‖₁² / 2.
        if (apart > 0) expect(divergence(P, Q)).toBeGreaterThanOrEqual(apart ** 2 / 2);
      }),
    );
  });
});

describe("declared labels", () => {
  it("give the shares of each party and, weighted by examples, those of the whole", () => {
    const labels = declaredLabels([party("a", [3, 1]), party("b", [0, 12])]);
    expect(labels.of("a")).toEqual([0.75, 0.25]);
    expect(labels.of("b")).toEqual([0, 1]);
    expect(labels.whole[0]).toBeCloseTo(3 / 16, 15);
    expect(labels.whole[1]).toBeCloseTo(13 / 16, 15);
    expect(() => labels.of("c")).toThrow('"c" is no party');
  });

  it("weigh parties by the examples they train on, even if they have counted fewer", () => {
    const { whole } = declaredLabels([party("a", [1, 0], 30), party("b", [0, 1], 10)]);
    expect(whole).toEqual([0.75, 0.25]);
    expect(
      pooled([
        { examples: 1, shares: [1, 0] },
        { examples: 3, shares: [0, 1] },
      ]),
    ).toEqual([0.25, 0.75]);
  });

  it("are refused, with the party and the field, where they are missing or of no use", () => {
    const good = party("a", [1, 1]);
    const refusal = (bad: object) => () => declaredLabels([good, { id: "hospital-2", examples: 5, ...bad }]);
    expect(refusal({})).toThrow('party "hospital-2": labels is missing');
    expect(refusal({ labels: [] })).toThrow('party "hospital-2": labels counts no example');
    expect(refusal({ labels: [0, 0] })).toThrow("labels counts no example of any class: expected at least one");
    expect(refusal({ labels: [3, -1] })).toThrow("labels holds -1: a count must be a finite number ≥ 0");
    expect(refusal({ labels: [Number.NaN, 1] })).toThrow("labels holds NaN");
    expect(refusal({ labels: [1, 2, 3] })).toThrow('party "hospital-2": labels has 3 counts, others have 2');
    expect(unfitLabels(good)).toBeUndefined();
    expect(unfitLabels({ id: "x", examples: 1 })?.field).toBe("labels");
  });
});
