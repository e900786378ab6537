import { describe, expect, it } from "vitest";
import { arrayAt, branchAt } from "./paths.ts";

// Paths are looked up before any array is touched, so a stand-in that says its dtype is enough.
const leaf = { dtype: "float32" } as never;

describe("arrayAt", () => {
  it("finds an array and says where there is none", () => {
    expect(arrayAt({ fc1: { weight: leaf } }, "fc1.weight")).toBe(leaf);
    expect(() => arrayAt({ fc1: { weight: leaf } }, "fc1.bias")).toThrow('there is no array at "fc1.bias"');
    expect(() => arrayAt({ fc1: { weight: leaf } }, "fc1")).toThrow('there is no array at "fc1"');
    expect(() => arrayAt({ fc1: leaf }, "fc1.weight")).toThrow('there is no array at "fc1.weight"');
    expect(() => arrayAt({}, "constructor")).toThrow('there is no array at "constructor"');
  });
});

describe("branchAt", () => {
  it("finds a branch, and takes a missing one for an empty one", () => {
    expect(branchAt({ a: { b: { c: leaf } } }, "a.b")).toEqual({ c: leaf });
    expect(branchAt({}, "optimizer")).toEqual({});
    expect(() => branchAt({ a: leaf }, "a")).toThrow('"a" is an array, not a branch');
  });
});
