import { describe, expect, it } from "vitest";
import type { Tensor } from "./tensor.ts";
import {
  bytesPerElement,
  DTYPES,
  firstNonFinite,
  float32,
  int32,
  payloadBytes,
  sameSpec,
  scalar,
  showSpec,
  sizeOf,
  specOf,
  tensor,
  zeros,
} from "./tensor.ts";

describe("sizes", () => {
  it("multiplies the axes; a scalar has one element, an axis of 0 leaves none", () => {
    expect(sizeOf([2, 3, 4])).toBe(24);
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([5, 0, 7])).toBe(0);
  });

  it("refuses axes that are no sizes, and more elements than can be counted", () => {
    expect(() => sizeOf([2, -1])).toThrow("shape [2,-1]: -1 is no axis size");
    expect(() => sizeOf([1.5])).toThrow(RangeError);
    expect(() => sizeOf([Number.NaN])).toThrow(RangeError);
    expect(() => sizeOf([2 ** 30, 2 ** 30])).toThrow("too many elements");
  });

  it("counts bytes", () => {
    expect(DTYPES.map(bytesPerElement)).toEqual([4, 8, 4, 1]);
    expect(payloadBytes({ dtype: "float64", shape: [3, 2] })).toBe(48);
    expect(payloadBytes({ dtype: "bool", shape: [] })).toBe(1);
  });
});

describe("making tensors", () => {
  it("rounds to float32 and wraps to int32", () => {
    expect(float32([2], [0.1, 1 / 3]).data).toEqual(Float32Array.of(Math.fround(0.1), Math.fround(1 / 3)));
    expect(int32([2], [7, 2 ** 31]).data).toEqual(Int32Array.of(7, -(2 ** 31)));
    expect(scalar(2)).toEqual({ dtype: "float32", shape: [], data: Float32Array.of(2) });
  });

  it("takes over the data and copies the shape", () => {
    const data = Float64Array.of(1, 2);
    const shape = [2];
    const made = tensor("float64", shape, data);
    shape[0] = 9;
    expect(made.data).toBe(data);
    expect(made.shape).toEqual([2]);
  });

  it("says how many elements a shape needs", () => {
    expect(() => float32([2, 2], [1, 2, 3])).toThrow("shape [2,2] needs 4 elements, got 3");
  });

  it.each(DTYPES)("has zeros of %s", (dtype) => {
    const made: Tensor = zeros(dtype, [2, 2]) as Tensor;
    expect(specOf(made)).toEqual({ dtype, shape: [2, 2] });
    expect([...made.data]).toEqual([0, 0, 0, 0]);
  });
});

describe("specs", () => {
  it("agree in dtype and in every axis", () => {
    expect(sameSpec(float32([1, 2], [1, 2]), { dtype: "float32", shape: [1, 2] })).toBe(true);
    expect(sameSpec({ dtype: "float32", shape: [2] }, { dtype: "float64", shape: [2] })).toBe(false);
    expect(sameSpec({ dtype: "float32", shape: [2] }, { dtype: "float32", shape: [2, 1] })).toBe(false);
    expect(sameSpec({ dtype: "float32", shape: [2, 3] }, { dtype: "float32", shape: [3, 2] })).toBe(false);
  });

  it("are shown as dtype[axes]", () => {
    expect(showSpec({ dtype: "float32", shape: [10, 784] })).toBe("float32[10, 784]");
    expect(showSpec({ dtype: "bool", shape: [] })).toBe("bool[]");
  });
});

describe("firstNonFinite", () => {
  it("finds NaN and both infinities", () => {
    expect(firstNonFinite(float32([3], [1, Number.NaN, Number.NaN]))).toBe(1);
    expect(firstNonFinite(float32([2], [Number.POSITIVE_INFINITY, 0]))).toBe(0);
    expect(firstNonFinite(tensor("float64", [2], Float64Array.of(0, Number.NEGATIVE_INFINITY)))).toBe(1);
  });

  it("finds what became infinite in float32", () => {
    expect(firstNonFinite(float32([1], [1e39]))).toBe(0);
    expect(firstNonFinite(tensor("float64", [1], Float64Array.of(1e39)))).toBe(-1);
  });

  it("is -1 for finite values, for none, and for whole numbers", () => {
    expect(firstNonFinite(float32([2], [3.4e38, -0]))).toBe(-1);
    expect(firstNonFinite(float32([0], []))).toBe(-1);
    expect(firstNonFinite(int32([1], [2 ** 31 - 1]))).toBe(-1);
    expect(firstNonFinite(zeros("bool", [3]))).toBe(-1);
  });
});
