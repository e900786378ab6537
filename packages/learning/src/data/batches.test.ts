import { key } from "@concord/engine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batches, batchIndices } from "./batches.ts";

describe("batchIndices", () => {
  it("goes through every example once in each epoch, across batches", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 50 }), (examples, batchSize) => {
        const steps = 2 * examples; // `batchSize` epochs twice over: the line ends with an epoch
        const line = Array.from({ length: steps }, (_, step) =>
          Array.from(batchIndices({ key: key(7), examples, batchSize, step })),
        ).flat();
        expect(line.length).toBe(steps * batchSize);
        for (let e = 0; e < line.length; e += examples) {
          expect(line.slice(e, e + examples).sort((a, b) => a - b)).toEqual(
            Array.from({ length: examples }, (_, i) => i),
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  it("shuffles each epoch anew", () => {
    const epoch = (step: number) => Array.from(batchIndices({ key: key(1), examples: 50, batchSize: 50, step }));
    expect(epoch(0)).not.toEqual(epoch(1));
  });

  it("depends on key and step, not on what was asked before", () => {
    const plan = { key: key(3), examples: 10, batchSize: 4 };
    const inOrder = batches(plan);
    const backwards = batches(plan);
    const steps = [0, 1, 2, 3, 4, 5, 6];
    const expected = steps.map((step) => batchIndices({ ...plan, step }));
    expect(steps.map(inOrder)).toEqual(expected);
    expect(steps.toReversed().map(backwards).toReversed()).toEqual(expected);
    expect(batchIndices({ ...plan, key: key(4), step: 0 })).not.toEqual(expected[0]);
  });

  it("fills the batch of a party that has fewer examples", () => {
    const rows = Array.from(batchIndices({ key: key(1), examples: 3, batchSize: 8, step: 5 }));
    expect(rows.length).toBe(8);
    for (const row of [0, 1, 2]) expect(rows.filter((r) => r === row).length).toBeGreaterThanOrEqual(2);
  });

  it("refuses sizes that make no sense", () => {
    expect(() => batches({ key: key(1), examples: 0, batchSize: 8 })).toThrow(
      "examples must be a whole number ≥ 1, got 0",
    );
    expect(() => batches({ key: key(1), examples: 8, batchSize: 0 })).toThrow("batchSize");
    expect(() => batchIndices({ key: key(1), examples: 8, batchSize: 2, step: -1 })).toThrow("step");
  });
});
