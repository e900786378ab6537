import { float32, int32 } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { bucketOf, gatherRows, mapItemRows, scatterRows } from "./rows.ts";

describe("rows of active items", () => {
  it("come in at most 8 sizes for MovieLens 1M, each less than twice what is needed", () => {
    const buckets = Array.from({ length: 3706 }, (_, i) => bucketOf(i + 1, 3706));
    expect([...new Set(buckets)]).toEqual([32, 64, 128, 256, 512, 1024, 2048, 3706]);
    for (const [i, rows] of buckets.entries()) expect(rows >= i + 1 && rows < Math.max(33, 2 * (i + 1))).toBe(true);
  });

  it("are gathered with padding and put back where they were", () => {
    const whole = float32([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
    const part = gatherRows(whole, [1, 3], 3);
    expect([part.shape, [...part.data]]).toEqual([
      [3, 2],
      [3, 4, 7, 8, 0, 0],
    ]);
    expect([...scatterRows(float32([4, 2], new Float32Array(8)), [1, 3], part).data]).toEqual([0, 0, 3, 4, 0, 0, 7, 8]);
    expect(gatherRows(int32([3], [7, 8, 9]), [2, 0])).toEqual(int32([2], [9, 7]));
  });

  it("are those of first and last layers, in the state of an optimiser too", () => {
    const leaf = float32([1], [0]);
    const tree = { items: { weight: leaf, bias: leaf }, first: { weight: leaf }, momentum: { items: { bias: leaf } } };
    const seen: unknown[] = [];
    mapItemRows(tree, (found) => {
      seen.push(found);
      return found;
    });
    expect(seen.length).toBe(3);
  });
});
