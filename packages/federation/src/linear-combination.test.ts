import type { Tensor } from "@concord/engine";
import { float32 } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { linearCombination, zerosLike } from "./linear-combination.ts";

const tree = (a: readonly number[], b: number) => ({
  fc1: { weight: float32([a.length, 1], a) },
  bias: float32([], [b]),
});
const valuesOf = (t: ReturnType<typeof linearCombination>) => [
  [...((t.fc1 as { weight: Tensor }).weight.data as Float32Array)],
  (t.bias as Tensor).data[0],
];

describe("a linear combination of trees", () => {
  it("is one leaf by leaf", () => {
    const sum = linearCombination([2, tree([1, -1], 4)], [-0.5, tree([4, 2], 8)], [1, tree([0, 0], 1)]);
    expect(valuesOf(sum)).toEqual([[0, -3], 5]);
    expect((sum.fc1 as { weight: Tensor }).weight).toMatchObject({ dtype: "float32", shape: [2, 1] });
  });

  it("is rounded once: what float32 would lose on the way is there", () => {
    const big = tree([2 ** 24], 1);
    expect(valuesOf(linearCombination([1, big], [1, tree([1], 0)], [-1, big]))).toEqual([[1], 0]);
  });

  it("needs the same tensors in every term", () => {
    expect(() => linearCombination([1, tree([1], 1)], [1, { bias: float32([], [1]) }])).toThrow(
      'a term has no elements at "fc1.weight"',
    );
    expect(() => linearCombination([1, tree([1], 1)], [1, tree([1, 2], 1)])).toThrow(
      'a term has 2 elements at "fc1.weight"',
    );
  });

  it("of nothing is zero", () => {
    expect(valuesOf(zerosLike(tree([1, Number.NaN], 3)))).toEqual([[0, 0], 0]);
  });
});
