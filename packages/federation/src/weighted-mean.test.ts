import type { Tensor, Tree } from "@concord/engine";
import { flatten, float32, int32, key, rng, tensor } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { weightedMean } from "./weighted-mean.ts";

const vector = (...values: number[]): Tree<Tensor> => ({ w: float32([values.length], values) });
const dataOf = (tree: Tree<Tensor>) => [...((tree.w as Tensor).data ?? [])];

describe("weightedMean", () => {
  it("weighs by the number of examples, leaf by leaf", () => {
    const mean = weightedMean([
      { weight: 1, tensors: { a: { w: float32([2], [1, 2]) }, b: float32([], [10]) } },
      { weight: 3, tensors: { b: float32([], [20]), a: { w: float32([2], [5, -2]) } } },
    ]);
    expect(flatten(mean)).toEqual([
      ["a.w", float32([2], [4, -1])],
      ["b", float32([], [17.5])],
    ]);
  });

  it("adds in float64, so that nothing is lost beside something large", () => {
    // In float32, 2²⁴ + 1 = 2²⁴: a sum in float32 would give 2²⁴ / 3 without the ones.
    const parts = [2 ** 24, 1, 1].map((value) => ({ weight: 1, tensors: vector(value) }));
    expect(dataOf(weightedMean(parts))).toEqual([Math.fround((2 ** 24 + 2) / 3)]);
    expect(dataOf(weightedMean([3e38, 3e38].map((value) => ({ weight: 1e9, tensors: vector(value) }))))).toEqual([
      Math.fround(3e38),
    ]);
  });

  it("adds in the order it is given", () => {
    // 1 is lost beside 10¹⁶ if it is added to it, and kept if the two large ones cancel first.
    const f64 = (value: number) => ({ weight: 1, tensors: { w: tensor("float64", [1], Float64Array.of(value)) } });
    expect(dataOf(weightedMean([f64(1e16), f64(1), f64(-1e16)]))).toEqual([0]);
    expect(dataOf(weightedMean([f64(1e16), f64(-1e16), f64(1)]))).toEqual([1 / 3]);
  });

  it("of one tree is that tree to the bit, whatever its weight", () => {
    const r = rng(key("one tree"));
    for (const weight of [1, 3, 7919, 123_456_789, 1e12]) {
      const values = Float32Array.from({ length: 200 }, () => r.normal() * 10 ** (r.below(60) - 30));
      values[0] = -0;
      values[1] = 1e-45;
      values[2] = 3.4028234663852886e38;
      const { w } = weightedMean([{ weight, tensors: { w: tensor("float32", [200], values) } }]) as { w: Tensor };
      expect(new Uint32Array(w.data.buffer)).toEqual(new Uint32Array(values.buffer));
    }
  });

  it("does not touch what it was given", () => {
    const parts = [1, 2].map((value) => ({ weight: value, tensors: vector(value) }));
    const copy = structuredClone(parts);
    weightedMean(parts);
    expect(parts).toEqual(copy);
  });

  it("keeps float64, and trees without leaves", () => {
    const f64 = tensor("float64", [1], Float64Array.of(1 / 3));
    expect(flatten(weightedMean([{ weight: 2, tensors: { w: f64 } }]))).toEqual([["w", f64]]);
    expect(flatten(weightedMean([{ weight: 1, tensors: {} }]))).toEqual([]);
  });

  it("refuses weights that are none, and having nothing to average", () => {
    expect(() => weightedMean([])).toThrow("a mean needs at least one tree");
    for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => weightedMean([{ weight, tensors: vector(1) }])).toThrow(`a weight must be > 0, got ${weight}`);
    }
  });

  it("names what differs between the trees", () => {
    const mean = (...trees: Tree<Tensor>[]) => weightedMean(trees.map((tensors) => ({ weight: 1, tensors })));
    expect(() => mean(vector(1), { v: float32([1], [1]) })).toThrow('a tree has "v" where another has "w"');
    expect(() => mean(vector(1), { ...vector(1), z: float32([], [1]) })).toThrow("a tree has 2 tensors, another 1");
    expect(() => mean(vector(1), vector(1, 2))).toThrow('"w" is float32[2] and float32[1]');
    expect(() => mean(vector(1), { w: int32([1], [1]) })).toThrow('"w" is int32[1] and float32[1]');
    expect(() => mean({ w: int32([1], [1]) })).toThrow('"w" is int32: only float tensors have a mean');
  });
});
