import { int32, key } from "@concord/engine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataset } from "./dataset.ts";
import { classesPartition } from "./partition/classes.ts";
import { dirichletPartition } from "./partition/dirichlet.ts";
import { iidPartition } from "./partition/iid.ts";
import { naturalPartition } from "./partition/natural.ts";
import { describePartition, partition, partitionSpecSchema } from "./partition.ts";

/** `each` examples of each of `classes` labels, in turn. */
const balanced = (classes: number, each: number) => Int32Array.from({ length: classes * each }, (_, i) => i % classes);

function expectEachOnce(parts: readonly Int32Array[], examples: number) {
  const all = parts.flatMap((rows) => Array.from(rows)).sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: examples }, (_, i) => i));
}

const sizes = (parts: readonly Int32Array[]) => parts.map((rows) => rows.length);

describe("iid", () => {
  it("deals every example once, in sizes that differ by one at most", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(200), fc.integer(), (parties, more, seed) => {
        const parts = iidPartition(parties + more, parties, key(seed));
        expectEachOnce(parts, parties + more);
        expect(Math.max(...sizes(parts)) - Math.min(...sizes(parts))).toBeLessThanOrEqual(1);
        expect(iidPartition(parties + more, parties, key(seed))).toEqual(parts);
      }),
    );
    expect(() => iidPartition(3, 4, key(1))).toThrow("3 examples cannot be dealt to 4 parties");
  });
});

describe("classes", () => {
  it("gives each of 100 parties 2 classes of 10 in shards of equal size", () => {
    const labels = balanced(10, 600);
    const { sizes, histograms } = describePartition(labels, 10, classesPartition(labels, 10, 100, 2, key(1)));
    expect(new Set(sizes)).toEqual(new Set([60]));
    for (const counts of histograms) expect(counts.filter((n) => n > 0)).toEqual([30, 30]);
  });

  it("gives every party exactly K classes and uses every example once, whatever the sizes of the classes", () => {
    const cases = fc.record({
      parties: fc.integer({ min: 1, max: 12 }),
      classSizes: fc.array(fc.integer({ min: 15, max: 80 }), { minLength: 1, maxLength: 8 }),
      K: fc.integer({ min: 1, max: 8 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(cases, ({ parties, classSizes, K, seed }) => {
        fc.pre(K <= classSizes.length && parties * K >= classSizes.length);
        const labels = Int32Array.from(classSizes.flatMap((size, c) => new Array<number>(size).fill(c)));
        const parts = classesPartition(labels, classSizes.length, parties, K, key(seed));
        expectEachOnce(parts, labels.length);
        for (const counts of describePartition(labels, classSizes.length, parts).histograms) {
          expect(counts.filter((n) => n > 0).length).toBe(K);
        }
        expect(classesPartition(labels, classSizes.length, parties, K, key(seed))).toEqual(parts);
      }),
    );
  });

  it("varies which classes meet", () => {
    const labels = balanced(10, 60);
    const pairs = describePartition(labels, 10, classesPartition(labels, 10, 50, 2, key(1))).histograms.map((counts) =>
      counts.flatMap((n, c) => (n > 0 ? [c] : [])).join(),
    );
    expect(new Set(pairs).size).toBeGreaterThan(20);
  });

  it("says why it cannot be done", () => {
    const labels = balanced(4, 5);
    expect(() => classesPartition(labels, 4, 3, 5, key(1))).toThrow("a party cannot have 5 of 4 classes");
    expect(() => classesPartition(labels, 4, 3, 1, key(1))).toThrow("leave some of the 4 classes to nobody");
    expect(() => classesPartition(labels, 4, 30, 1, key(1))).toThrow("need 30 shards, 20 can be cut");
    expect(() => classesPartition(labels, 3, 2, 2, key(1))).toThrow("label 3 of example 3");
  });
});

describe("dirichlet", () => {
  it("uses every example once and meets the minimum, however small beta is", () => {
    const cases = fc.record({
      parties: fc.integer({ min: 1, max: 15 }),
      each: fc.integer({ min: 20, max: 60 }),
      beta: fc.constantFrom(0.001, 0.05, 0.3, 1, 100),
      minimum: fc.integer({ min: 1, max: 13 }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(cases, ({ parties, each, beta, minimum, seed }) => {
        const labels = balanced(10, each);
        const parts = dirichletPartition(labels, 10, parties, { beta, minimum }, key(seed));
        expectEachOnce(parts, labels.length);
        expect(Math.min(...sizes(parts))).toBeGreaterThanOrEqual(minimum);
        expect(dirichletPartition(labels, 10, parties, { beta, minimum }, key(seed))).toEqual(parts);
      }),
      { numRuns: 60 },
    );
  });

  it("is near the common distribution for a large beta and far from it for a small one", () => {
    const labels = balanced(10, 1000);
    /** Mean over the parties of the total variation between their labels and the uniform distribution. */
    const skew = (beta: number) => {
      const { sizes, histograms } = describePartition(
        labels,
        10,
        dirichletPartition(labels, 10, 20, { beta }, key("skew")),
      );
      const distances = histograms.map(
        (counts, j) => counts.reduce((sum, n) => sum + Math.abs(n / (sizes[j] ?? 1) - 0.1), 0) / 2,
      );
      return distances.reduce((a, b) => a + b, 0) / distances.length;
    };
    expect(skew(1000)).toBeLessThan(0.05);
    expect(skew(0.1)).toBeGreaterThan(0.5);
    expect(skew(1)).toBeLessThan(skew(0.1));
  });

  it("repairs a draw that leaves a party too little: equal shares are the extreme", () => {
    const parts = dirichletPartition(balanced(2, 30), 2, 6, { beta: 0.01, minimum: 10 }, key(5));
    expect(sizes(parts)).toEqual([10, 10, 10, 10, 10, 10]);
  });

  it("says why it cannot be done", () => {
    expect(() => dirichletPartition(balanced(2, 5), 2, 3, { beta: 0.1, minimum: 4 }, key(1))).toThrow(
      "10 examples do not give 3 parties at least 4 each",
    );
    expect(() => dirichletPartition(balanced(2, 5), 2, 11, { beta: 0.1 }, key(1))).toThrow("at least 1 each");
    expect(() => dirichletPartition(balanced(2, 5), 2, 2, { beta: 0 }, key(1))).toThrow(
      "beta must be a number above 0",
    );
  });
});

describe("natural", () => {
  it("makes each group a party, in the order of the groups", () => {
    expect(naturalPartition([7, 2, 7, 4], 3, key(1))).toEqual([
      Int32Array.of(1),
      Int32Array.of(3),
      Int32Array.of(0, 2),
    ]);
  });

  it("keeps groups whole where there are fewer parties", () => {
    const groups = Int32Array.from({ length: 120 }, (_, i) => Math.floor(i / 10));
    const parts = naturalPartition(groups, 4, key(1));
    expectEachOnce(parts, 120);
    expect(sizes(parts)).toEqual([30, 30, 30, 30]);
    for (const rows of parts) expect(new Set(Array.from(rows, (i) => groups[i])).size).toBe(3);
    expect(() => naturalPartition(groups, 13, key(1))).toThrow("12 natural groups cannot make 13 parties");
  });
});

describe("partition", () => {
  const labels = balanced(4, 25);
  const of = dataset({
    name: "tiny",
    inputShape: [],
    inputs: { kind: "float32", data: new Float32Array(100) },
    y: int32([100], labels),
    classes: 4,
    generated: true,
  });

  it("does what the spec says", () => {
    const specs = [{ kind: "iid" }, { kind: "classes", classes: 2 }, { kind: "dirichlet", beta: 0.5 }] as const;
    for (const spec of specs) expectEachOnce(partition(of, 5, partitionSpecSchema.parse(spec), key(1)), 100);
    expect(() => partition(of, 5, { kind: "natural" }, key(1))).toThrow('"tiny" has no natural groups');
    expect(() => partition(of, 0, { kind: "iid" }, key(1))).toThrow("number of parties");
  });

  it("takes only specs that it understands", () => {
    expect(partitionSpecSchema.safeParse({ kind: "dirichlet", beta: 0 }).success).toBe(false);
    expect(partitionSpecSchema.safeParse({ kind: "classes" }).success).toBe(false);
    expect(partitionSpecSchema.safeParse({ kind: "iid", beta: 1 }).success).toBe(false);
  });

  it("describes sizes and labels", () => {
    expect(describePartition([0, 1, 1], 3, [Int32Array.of(0, 1), Int32Array.of(2)])).toEqual({
      sizes: [2, 1],
      histograms: [
        [1, 1, 0],
        [0, 1, 0],
      ],
    });
  });
});
