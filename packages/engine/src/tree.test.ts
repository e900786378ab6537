import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TensorSpec } from "./tensor.ts";
import { float32 } from "./tensor.ts";
import type { Tree } from "./tree.ts";
import { flatten, isBranch, mapTree, unflatten, zipTrees } from "./tree.ts";

describe("flatten", () => {
  it("joins names by dots and sorts paths by code unit, whatever the order of insertion", () => {
    const tree: Tree<number> = { b: 1, a: { z: 2, c: { d: 3 } }, B: 4, "a-b": 5 };
    expect(flatten(tree)).toEqual([
      ["B", 4],
      ["a-b", 5],
      ["a.c.d", 3],
      ["a.z", 2],
      ["b", 1],
    ]);
  });

  it("puts names that look like numbers in the order of their text", () => {
    expect(flatten({ 10: 1, 9: 2, 1: 3 }).map(([path]) => path)).toEqual(["1", "10", "9"]);
  });

  it("has no leaf for an empty branch", () => {
    expect(flatten({})).toEqual([]);
    expect(flatten({ a: {}, b: { c: {} } })).toEqual([]);
  });

  it("refuses names that could be mistaken for a path", () => {
    expect(() => flatten({ "a.b": 1 })).toThrow('name "a.b" holds a dot');
    expect(() => flatten({ a: { "": 1 } })).toThrow("empty name");
  });

  it("takes tensors and specs for leaves, also where a branch has a child called dtype", () => {
    const leaf = float32([1], [1]);
    const tree: Tree<TensorSpec> = { dtype: leaf, spec: { dtype: "bool", shape: [2] } };
    expect(flatten(tree)).toEqual([
      ["dtype", leaf],
      ["spec", { dtype: "bool", shape: [2] }],
    ]);
    expect(isBranch(leaf)).toBe(false);
    expect(isBranch({ dtype: leaf })).toBe(true);
    expect(isBranch(new Map())).toBe(false);
    expect(isBranch(null)).toBe(false);
  });
});

describe("unflatten", () => {
  it("is the inverse of flatten", () => {
    const name = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "0", "1", "ü", " "),
      fc.string({ minLength: 1, maxLength: 4 }).filter((text) => !text.includes(".")),
    );
    const { tree } = fc.letrec<{ tree: Tree<number>; node: number | Tree<number> }>((tie) => ({
      node: fc.oneof({ maxDepth: 3 }, fc.integer(), tie("tree")),
      tree: fc.dictionary(name, tie("node"), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(tree, (made) => {
        const leaves = flatten(made);
        expect(flatten(unflatten(leaves))).toEqual(leaves);
        expect(flatten(unflatten([...leaves].reverse()))).toEqual(leaves);
        const paths = leaves.map(([path]) => path);
        expect(paths).toEqual([...paths].sort((a, b) => (a < b ? -1 : 1)));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("treats prototype names as names", () => {
    const tree = unflatten([
      ["__proto__.polluted", 1],
      ["constructor.prototype", 2],
      ["toString", 3],
    ]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(flatten(tree)).toEqual([
      ["__proto__.polluted", 1],
      ["constructor.prototype", 2],
      ["toString", 3],
    ]);
  });

  it("refuses a path twice, a leaf that is a branch too, and empty names", () => {
    const build = (...paths: string[]) => unflatten(paths.map((path) => [path, 1] as const));
    expect(() => build("a", "a")).toThrow('path "a" is there twice');
    expect(() => build("a", "a.b")).toThrow('path "a.b" runs through a leaf');
    expect(() => build("a.b", "a")).toThrow('path "a" is there twice, or is a branch too');
    expect(() => build("__proto__", "__proto__")).toThrow("twice");
    for (const path of ["", ".", "a.", ".a", "a..b"]) expect(() => build(path)).toThrow("empty name");
  });

  it("makes an empty tree of nothing", () => {
    expect(flatten(unflatten([]))).toEqual([]);
  });
});

describe("mapTree and zipTrees", () => {
  it("keep the paths", () => {
    expect(flatten(mapTree({ a: 1, b: { c: 2 } }, (leaf, path) => `${path}=${leaf}`))).toEqual([
      ["a", "a=1"],
      ["b.c", "b.c=2"],
    ]);
    const sum = zipTrees({ b: { c: 2 }, a: 1 }, { a: 10, b: { c: 20 } }, (x, y, path) => `${path}=${x + y}`);
    expect(flatten(sum)).toEqual([
      ["a", "a=11"],
      ["b.c", "b.c=22"],
    ]);
  });

  it("accept empty trees", () => {
    expect(flatten(mapTree({}, () => 1))).toEqual([]);
    expect(flatten(zipTrees({}, {}, () => 1))).toEqual([]);
  });

  it("name the path that one tree lacks", () => {
    const add = (a: Tree<number>, b: Tree<number>) => zipTrees(a, b, (x, y) => x + y);
    expect(() => add({ a: 1 }, {})).toThrow('"a" is in one tree only');
    expect(() => add({}, { b: 1 })).toThrow('"b" is in one tree only');
    expect(() => add({ a: 1, b: 1 }, { a: 1, c: 1 })).toThrow('"b" is in one tree only');
    expect(() => add({ a: 1 }, { a: { b: 1 } })).toThrow('"a" is in one tree only');
  });
});
