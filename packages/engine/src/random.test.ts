import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key } from "./random.ts";
import { dirichlet, key, permutation, rng, sample, split } from "./random.ts";

const text = ({ high, low }: Key) => `${high.toString(16)}:${low.toString(16)}`;

describe("keys", () => {
  it("are a function of the seed and the labels alone", () => {
    const parent = key(5);
    const child = split(parent, "party-3", 7);
    rng(parent).uniform();
    expect(split(key(5), "party-3", 7)).toEqual(child);
    expect(split(split(key(5), "party-3"), 7)).toEqual(child);
    expect(split(parent)).toEqual(parent);
  });

  it("differ where the labels differ in type, border, order or case", () => {
    const parent = key(0);
    const keys = [
      split(parent, 1),
      split(parent, "1"),
      split(parent, "n1"),
      split(parent, "s1"),
      split(parent, "ab", "c"),
      split(parent, "a", "bc"),
      split(parent, "abc"),
      split(parent, "c", "ab"),
      split(parent, 12),
      split(parent, 1, 2),
      split(parent, 2, 1),
      split(parent, "A"),
      split(parent, "a"),
      split(parent, ""),
      split(parent, "", ""),
      parent,
      key(1),
      key("0"),
      key("0,s1"),
    ];
    expect(new Set(keys.map(text)).size).toBe(keys.length);
  });

  it("give streams that have nothing in common", () => {
    // 64 neighbouring children, 200 bits of each: the mean agreement of two streams is 100 ± 7.
    const streams = Array.from({ length: 64 }, (_, i) => {
      const r = rng(split(key(9), "round", i));
      return Array.from({ length: 200 }, () => r.uint32() & 1);
    });
    for (const [i, a] of streams.entries()) {
      for (const b of streams.slice(0, i)) {
        const agreement = a.filter((bit, n) => bit === b[n]).length;
        expect(Math.abs(agreement - 100)).toBeLessThan(40);
      }
    }
  });
});

describe("a stream", () => {
  it("gives the numbers it has always given", () => {
    // Pinned: a change here changes every seeded result that anybody has written down.
    expect(split(key(0), "party-3", 7)).toEqual({ high: 982367964338636946n, low: 11564332798366301948n });
    const r = rng(key(42));
    expect([r.uint32(), r.uint32(), r.uint32()]).toEqual([700146703, 1772470703, 2999849299]);
    expect(r.uniform()).toBe(0.6985959428866858);
    expect(r.below(10)).toBe(0);
    // Logarithms may differ in the last bit from one host to another.
    expect(r.normal()).toBeCloseTo(-2.2330837279122053, 12);
    expect(r.gamma(2.5)).toBeCloseTo(0.7243655416642182, 12);
    expect(r.gamma(0.5)).toBeCloseTo(0.21428304123175076, 12);
    expect([...permutation(rng(key(1)), 8)]).toEqual([6, 2, 3, 7, 1, 5, 4, 0]);
    expect(sample(rng(key(1)), ["a", "b", "c", "d"], 2)).toEqual(["c", "b"]);
  });

  it("starts anew for each reader", () => {
    const [a, b] = [rng(key(3)), rng(key(3))];
    a.normal();
    expect(b.uint32()).toBe(rng(key(3)).uint32());
  });

  it("draws every whole number below a bound equally often", () => {
    // Chi-square with k − 1 degrees of freedom stays below its 99.9% quantile.
    const quantiles = new Map([
      [2, 10.83],
      [3, 13.82],
      [7, 22.46],
      [10, 27.88],
      [64, 103.44],
    ]);
    for (const [bound, quantile] of quantiles) {
      const r = rng(split(key("uniform"), bound));
      const draws = 2000 * bound;
      const counts = new Float64Array(bound);
      for (let i = 0; i < draws; i++) {
        const n = r.below(bound);
        counts[n] = (counts[n] ?? Number.NaN) + 1;
      }
      const chiSquare = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
      expect(chiSquare).toBeLessThan(quantile);
    }
  });

  it("has no modulo bias for a bound that does not divide 2³²", () => {
    // Of three equal thirds of 0 … 3·2³⁰ − 1, a modulo of 32 bits would hit the first twice as often as the others.
    const r = rng(key("bias"));
    const thirds = [0, 0, 0];
    for (let i = 0; i < 6000; i++) {
      const third = Math.floor(r.below(3 * 2 ** 30) / 2 ** 30);
      thirds[third] = (thirds[third] ?? Number.NaN) + 1;
    }
    for (const count of thirds) expect(Math.abs(count - 2000)).toBeLessThan(150);
  });

  it("reaches beyond 32 bits, and has only 0 below 1", () => {
    const r = rng(key(1));
    const large = Array.from({ length: 50 }, () => r.below(2 ** 50));
    expect(Math.max(...large)).toBeGreaterThan(2 ** 49);
    expect(large.every((n) => Number.isSafeInteger(n) && n < 2 ** 50)).toBe(true);
    expect(r.below(1)).toBe(0);
  });

  it("refuses bounds and shapes that mean nothing", () => {
    const r = rng(key(0));
    for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 60]) expect(() => r.below(bound)).toThrow(RangeError);
    for (const shape of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => r.gamma(shape)).toThrow(RangeError);
  });

  it("has uniform, normal and gamma moments", () => {
    const n = 40_000;
    const moments = (draw: () => number) => {
      const values = Array.from({ length: n }, draw);
      const mean = values.reduce((sum, x) => sum + x, 0) / n;
      const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / n;
      return { mean, variance: central(2), third: central(3), fourth: central(4), values };
    };
    const r = rng(key("moments"));

    const uniform = moments(() => r.uniform());
    expect(uniform.mean).toBeCloseTo(1 / 2, 2);
    expect(uniform.variance).toBeCloseTo(1 / 12, 2);
    expect(uniform.values.every((x) => x >= 0 && x < 1)).toBe(true);

    const normal = moments(() => r.normal());
    expect(Math.abs(normal.mean)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(normal.variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(normal.third)).toBeLessThan(0.06);
    expect(Math.abs(normal.fourth - 3)).toBeLessThan(0.2);

    // Gamma(k, 1) has mean k and variance k.
    for (const shape of [0.3, 1, 4.5]) {
      const gamma = moments(() => r.gamma(shape));
      expect(Math.abs(gamma.mean - shape)).toBeLessThan(4 * Math.sqrt(shape / n));
      expect(Math.abs(gamma.variance - shape)).toBeLessThan(0.06 * shape + 0.02);
      expect(Math.min(...gamma.values)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("permutation and sample", () => {
  it("hold every number once", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer(), (n, seed) => {
        const order = permutation(rng(key(seed)), n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
      { seed: 4, numRuns: 100 },
    );
  });

  it("make every order of three equally likely", () => {
    const r = rng(key("orders"));
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = permutation(r, 3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(20.52);
  });

  it("draw different items, as many as asked for", () => {
    const items = ["a", "b", "c", "d", "e"];
    for (let count = 0; count <= 5; count++) {
      const drawn = sample(rng(key(count)), items, count);
      expect(new Set(drawn).size).toBe(count);
      expect(drawn.every((item) => items.includes(item))).toBe(true);
    }
    for (const count of [6, -1, 1.5, Number.NaN]) {
      expect(() => sample(rng(key(0)), items, count)).toThrow(`cannot draw ${count} of 5`);
    }
  });
});

describe("dirichlet", () => {
  it("draws points of the simplex, for concentrations from tiny to large", () => {
    const r = rng(key("simplex"));
    for (const concentration of [1e-300, 1e-4, 0.1, 1, 100]) {
      for (const size of [1, 2, 10]) {
        const point = dirichlet(r, concentration, size);
        expect(point).toHaveLength(size);
        expect(point.every((x) => x >= 0 && x <= 1)).toBe(true);
        expect(point.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
      }
    }
  });

  it("has mean 1/k and variance (k − 1) / (k² (k β + 1))", () => {
    const r = rng(key("dirichlet moments"));
    const [k, beta, n] = [4, 0.3, 20_000];
    const firsts = Array.from({ length: n }, () => dirichlet(r, beta, k)[0] ?? Number.NaN);
    const mean = firsts.reduce((sum, x) => sum + x, 0) / n;
    const variance = firsts.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
    expect(mean).toBeCloseTo(1 / k, 2);
    expect(variance).toBeCloseTo((k - 1) / (k * k * (k * beta + 1)), 2);
  });

  it("refuses a size or concentration that means nothing", () => {
    expect(() => dirichlet(rng(key(0)), 1, 0)).toThrow(RangeError);
    expect(() => dirichlet(rng(key(0)), 0, 3)).toThrow(RangeError);
    expect(() => dirichlet(rng(key(0)), Number.NaN, 3)).toThrow(RangeError);
  });
});
