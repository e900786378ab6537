import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { key, rng } from "./random.ts";
import type { SafetensorsFile } from "./safetensors.ts";
import { decodeSafetensors, encodedBytes, encodeSafetensors, SafetensorsError } from "./safetensors.ts";
import type { DType, Tensor } from "./tensor.ts";
import { DTYPES, float32, int32, sizeOf, specOf, tensor } from "./tensor.ts";
import type { Tree } from "./tree.ts";
import { flatten, mapTree, unflatten } from "./tree.ts";

/** A file put together by hand: the length of the header, the header, the elements. */
function file(header: string, elements: readonly number[] = [], length = new TextEncoder().encode(header).length) {
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(length), true);
  return Uint8Array.from([...prefix, ...new TextEncoder().encode(header), ...elements]);
}

const one = (entry: string, elements: readonly number[] = []) => file(`{"x":${entry}}`, elements);
const refuse = (bytes: Uint8Array) => expect(() => decodeSafetensors(bytes));

describe("a file made by hand", () => {
  // float32 1.0 is 3f800000 and -2.0 is c0000000; int32 258 is 00000102.
  const HEADER =
    '{"__metadata__":{"made":"by hand"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
    '"b.n":{"dtype":"I32","shape":[],"data_offsets":[8,12]},"c":{"dtype":"BOOL","shape":[1,2],"data_offsets":[12,14]}}';
  const ELEMENTS = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 2, 1, 0, 0, 1, 0];

  it("is read as it says", () => {
    const { tensors, metadata } = decodeSafetensors(file(HEADER, ELEMENTS));
    expect(metadata).toEqual({ made: "by hand" });
    expect(flatten(tensors)).toEqual([
      ["a", float32([2], [1, -2])],
      ["b.n", int32([], [258])],
      ["c", tensor("bool", [1, 2], Uint8Array.of(1, 0))],
    ]);
  });

  it("is written so, with spaces up to a multiple of 8", () => {
    const tree: Tree<Tensor> = {
      c: tensor("bool", [1, 2], Uint8Array.of(1, 0)),
      b: { n: int32([], [258]) },
      a: float32([2], [1, -2]),
    };
    const padded = HEADER.padEnd(Math.ceil(HEADER.length / 8) * 8);
    expect(encodeSafetensors(tree, { made: "by hand" })).toEqual(file(padded, ELEMENTS));
  });

  it("may lie anywhere in a buffer, and its header may end at any byte", () => {
    const bytes = file(HEADER, ELEMENTS);
    const larger = new Uint8Array(bytes.length + 9).fill(7);
    larger.set(bytes, 5);
    expect(decodeSafetensors(larger.subarray(5, 5 + bytes.length))).toEqual(decodeSafetensors(bytes));
  });
});

describe("writing", () => {
  it("is canonical: insertion order of tensors and metadata do not matter", () => {
    const [x, y] = [float32([1], [1]), tensor("float64", [1], Float64Array.of(2))];
    expect(encodeSafetensors({ a: x, b: { c: y, d: x } }, { p: "1", q: "2" })).toEqual(
      encodeSafetensors({ b: { d: x, c: y }, a: x }, { q: "2", p: "1" }),
    );
  });

  it("puts wide elements first and keeps the header in that order, so that every tensor is aligned", () => {
    const bytes = encodeSafetensors({
      0: tensor("bool", [1], Uint8Array.of(1)),
      1: tensor("float64", [1], Float64Array.of(1)),
    });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(header.trimEnd()).toBe(
      '{"1":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"0":{"dtype":"BOOL","shape":[1],"data_offsets":[8,9]}}',
    );
  });

  it("knows the length of a file beforehand", () => {
    const tree: Tree<Tensor> = { a: float32([3], [1, 2, 3]), é: int32([0], []) };
    const metadata = { key: "välue" };
    expect(encodedBytes(mapTree(tree, specOf), metadata)).toBe(encodeSafetensors(tree, metadata).length);
  });

  it("has no room for a tensor of the name that means metadata", () => {
    expect(() => encodeSafetensors({ __metadata__: float32([], [1]) })).toThrow(SafetensorsError);
  });
});

describe("reading refuses", () => {
  const F32 = '"dtype":"F32","shape":[1],"data_offsets"';
  const FOUR = [0, 0, 0, 0];

  it("a file that is cut off anywhere", () => {
    const bytes = encodeSafetensors({ a: float32([2], [1, 2]), b: int32([1], [3]) });
    for (let length = 0; length < bytes.length; length++) refuse(bytes.subarray(0, length)).toThrow(SafetensorsError);
    refuse(bytes.subarray(0, 5)).toThrow("a file of 5 bytes has no header");
    refuse(bytes.subarray(0, bytes.length - 1)).toThrow("the tensors need 12 bytes, the file has 11");
  });

  it("bytes after the last tensor", () => {
    refuse(one(`{${F32}:[0,4]}`, [...FOUR, 9])).toThrow("1 bytes follow the last tensor");
    refuse(file("{}", [0])).toThrow("1 bytes follow");
  });

  it("a header over the limit, before it allocates anything", () => {
    refuse(file("{}", [], 2 ** 40)).toThrow("the header has 1099511627776 bytes, at most 16777216 are accepted");
    const huge = new Uint8Array(8).fill(0xff);
    refuse(huge).toThrow("the header has 18446744073709551615 bytes");
    const limits = { headerBytes: 10, tensors: 1 };
    expect(() => decodeSafetensors(one(`{${F32}:[0,4]}`, FOUR), limits)).toThrow("at most 10 are accepted");
    refuse(file("{}", [], 100)).toThrow("the header ends at byte 108 of 10");
  });

  it("more tensors than the limit", () => {
    const bytes = encodeSafetensors({ a: float32([0], []), b: float32([0], []) });
    expect(() => decodeSafetensors(bytes, { headerBytes: 1000, tensors: 1 })).toThrow("2 tensors, at most 1");
  });

  it("a header that is no JSON object", () => {
    for (const header of ["", "[]", "null", "1", '"x"', " {}", "\ufeff{}"]) {
      refuse(file(header)).toThrow("the header does not begin with {");
    }
    for (const header of ["{", "{'a':1}", "{}x", '{"a":1,}']) refuse(file(header)).toThrow("the header is no JSON");
    refuse(Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d)).toThrow("the header is no JSON");
  });

  it("a name that is there twice", () => {
    refuse(file(`{"x":{${F32}:[0,4]},"x":{${F32}:[4,8]}}`, [...FOUR, ...FOUR])).toThrow('the header has "x" twice');
    refuse(file(`{"x":{${F32}:[0,4]},"\\u0078":{${F32}:[0,4]}}`, FOUR)).toThrow('the header has "x" twice');
    refuse(one(`{"dtype":"F64",${F32}:[0,4]}`, FOUR)).toThrow('the header has "dtype" twice');
  });

  it("metadata that are no text", () => {
    for (const metadata of ["1", "[]", "null", '{"a":1}', '{"a":{}}', '"x"']) {
      refuse(file(`{"__metadata__":${metadata}}`)).toThrow("__metadata__ must map names to text");
    }
  });

  it("an entry that is none, and an unknown dtype", () => {
    for (const entry of ["null", "1", "[]", '"x"', "{}"]) refuse(one(entry)).toThrow('"x" has dtype undefined');
    refuse(one('{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}', [0, 0])).toThrow(
      '"x" has dtype "BF16", known are F32, F64, I32, BOOL',
    );
    refuse(one('{"dtype":"f32","shape":[1],"data_offsets":[0,4]}', FOUR)).toThrow(`"x" has dtype "f32"`);
    refuse(one('{"dtype":["F32"],"shape":[1],"data_offsets":[0,4]}', FOUR)).toThrow('dtype ["F32"]');
  });

  it("a shape that is none, or that no file can hold", () => {
    for (const shape of ["1", "[-1]", "[1.5]", '["1"]', "[null]", "[1e16]", "[-0]", "null", '{"length":1}']) {
      refuse(one(`{"dtype":"F32","shape":${shape},"data_offsets":[0,4]}`, FOUR)).toThrow('"x" has shape');
    }
    refuse(one('{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}', FOUR)).toThrow(
      "too many elements",
    );
    refuse(one('{"dtype":"F32","shape":[2000000000],"data_offsets":[0,8000000000]}', FOUR)).toThrow(
      "the tensors need 8000000000 bytes, the file has 4",
    );
    refuse(one(`{"dtype":"F32","shape":[${Array(65).fill(1)}],"data_offsets":[0,4]}`, FOUR)).toThrow("has 65 axes");
  });

  it("offsets that are none, do not fit the shape, or run out of the file", () => {
    for (const offsets of ["[0]", "[0,4,8]", "[0,-4]", "[0,4.5]", '["0","4"]', "null", "4"]) {
      refuse(one(`{${F32}:${offsets}}`, FOUR)).toThrow('"x" has offsets');
    }
    refuse(one(`{${F32}:[0,8]}`, [...FOUR, ...FOUR])).toThrow('"x" has 8 bytes, its shape [1] needs 4');
    refuse(one(`{${F32}:[4,0]}`, FOUR)).toThrow('"x" has -4 bytes');
    refuse(one(`{${F32}:[0,4]}`)).toThrow("the tensors need 4 bytes, the file has 0");
  });

  it("tensors that overlap or leave gaps", () => {
    const two = (a: string, b: string) => file(`{"x":{${F32}:${a}},"y":{${F32}:${b}}}`, [...FOUR, ...FOUR]);
    refuse(two("[0,4]", "[2,6]")).toThrow('"y" starts at 2, expected 4 (offsets overlap or leave a gap)');
    refuse(two("[0,4]", "[0,4]")).toThrow("overlap");
    refuse(two("[0,4]", "[5,9]")).toThrow("gap");
    refuse(one(`{${F32}:[4,8]}`, [...FOUR, ...FOUR])).toThrow('"x" starts at 4, expected 0');
    expect(flatten(decodeSafetensors(two("[4,8]", "[0,4]")).tensors)).toHaveLength(2);
  });

  it("paths that are no tree", () => {
    const at = (a: string, b: string) => file(`{"${a}":{${F32}:[0,4]},"${b}":{${F32}:[4,8]}}`, [...FOUR, ...FOUR]);
    refuse(at("a", "a.b")).toThrow('path "a.b" runs through a leaf');
    refuse(at("a..b", "c")).toThrow("empty name");
    refuse(at("", "c")).toThrow(SafetensorsError);
    const deep = Array(1000).fill("a").join(".");
    refuse(at(deep, "c")).toThrow("has more than 64 names");
  });

  it("a bool that is neither 0 nor 1", () => {
    refuse(one('{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}', [1, 2])).toThrow("neither 0 nor 1");
  });

  it("with a message of bounded length, whatever the file", () => {
    const long = "a".repeat(100_000);
    for (const bytes of [
      file(`{"${long}":1}`),
      one(`{"dtype":"${long}"}`),
      one(`{"dtype":"F32","shape":"${long}"}`),
      file(`{"${long}":{${F32}:[0,4]},"${long}.b":{${F32}:[4,8]}}`, [...FOUR, ...FOUR]),
    ]) {
      expect(messageOf(() => decodeSafetensors(bytes)).length).toBeLessThan(300);
    }
  });
});

describe("what is written is read again", () => {
  it("for trees of every dtype, with scalars, empty axes, odd names and metadata", () => {
    fc.assert(
      fc.property(anyTree(), fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }), (tree, metadata) => {
        const bytes = encodeSafetensors(tree, metadata);
        const read = decodeSafetensors(bytes);
        expect(flatten(read.tensors)).toEqual(flatten(tree));
        expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(metadata).sort());
        expect(encodeSafetensors(read.tensors, read.metadata)).toEqual(bytes);
        expect(encodedBytes(mapTree(tree, specOf), metadata)).toBe(bytes.length);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it("to the bit, NaN payloads and negative zero included", () => {
    const bits = Uint32Array.of(0x7fc00001, 0x80000000, 0xff800000, 1);
    const { tensors } = decodeSafetensors(
      encodeSafetensors({ x: tensor("float32", [4], new Float32Array(bits.buffer)) }),
    );
    expect(new Uint32Array((tensors.x as Tensor).data.buffer)).toEqual(bits);
  });

  it("for an empty tree", () => {
    expect(flatten(decodeSafetensors(encodeSafetensors({})).tensors)).toEqual([]);
  });
});

describe("hostile files", () => {
  const random = rng(key("hostile files"));
  const original = encodeSafetensors(
    { a: { w: float32([2, 3], [1, 2, 3, 4, 5, 6]), b: int32([0], []) }, c: tensor("bool", [2], Uint8Array.of(0, 1)) },
    { note: "hello" },
  );

  /** Reads, or refuses with the one error class; what was read is no larger than the file. */
  function survives(bytes: Uint8Array): void {
    let read: SafetensorsFile;
    try {
      read = decodeSafetensors(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(SafetensorsError);
      return;
    }
    const elements = flatten(read.tensors).reduce((sum, [, leaf]) => sum + (leaf as Tensor).data.byteLength, 0);
    expect(elements).toBeLessThan(bytes.length);
  }

  it("of random bytes are refused", () => {
    for (let run = 0; run < 500; run++) {
      survives(Uint8Array.from({ length: random.below(64) }, () => random.below(256)));
    }
  });

  it("with any single byte changed are read or refused", () => {
    for (let at = 0; at < original.length; at++) {
      for (const value of [0, 0x22, 0x2d, 0x2e, 0x30, 0x39, 0x7b, 0xff]) survives(original.with(at, value));
    }
  });

  it("with bytes changed, moved, doubled and dropped are read or refused", () => {
    for (let run = 0; run < 2000; run++) {
      let bytes: number[] = [...original];
      for (let edits = 1 + random.below(4); edits > 0; edits--) {
        const at = random.below(bytes.length);
        const to = at + random.below(8);
        const edit = random.below(4);
        if (edit === 0) bytes[at] = random.below(256);
        else if (edit === 1) bytes = [...bytes.slice(0, at), ...bytes.slice(to)];
        else if (edit === 2) bytes = [...bytes.slice(0, to), ...bytes.slice(at)];
        else bytes = [...bytes.slice(0, at), 0x30 + random.below(10), ...bytes.slice(at)];
      }
      survives(Uint8Array.from(bytes));
    }
  });

  it("with wild header fields are read or refused", () => {
    const field = fc.oneof(
      fc.constantFrom("F32", "BOOL", "__proto__", [0, 0], [0, 4], [2 ** 53, 2 ** 53], -1, 1e308, null),
      fc.jsonValue(),
    );
    const entry = fc.record({ dtype: field, shape: field, data_offsets: field }, { requiredKeys: [] });
    const header = fc.dictionary(
      fc.oneof(fc.constantFrom("a", "a.b", "__proto__", "__metadata__", ""), fc.string()),
      entry,
    );
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 16 }), (fields, elements) => {
        survives(file(JSON.stringify(fields), [...elements]));
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});

function anyTree(): fc.Arbitrary<Tree<Tensor>> {
  const name = fc.oneof(
    fc.constantFrom("weight", "bias", "0", "10", "9", "__proto__", "constructor", "ü", "\ud83d\ude00", '"', "\\"),
    fc.string({ minLength: 1, maxLength: 3 }).filter((text) => !text.includes(".")),
  );
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("."));
  const leaf = fc
    .tuple(fc.constantFrom(...DTYPES), fc.array(fc.nat({ max: 3 }), { maxLength: 4 }))
    .chain(([dtype, shape]) => elementsOf(dtype, sizeOf(shape)).map((values) => make(dtype, shape, values)));
  return fc.array(fc.tuple(path, leaf), { maxLength: 6 }).map((leaves) => {
    const kept: [string, Tensor][] = [];
    for (const candidate of leaves) {
      try {
        unflatten([...kept, candidate]);
      } catch {
        continue;
      }
      if (candidate[0] !== "__metadata__") kept.push(candidate);
    }
    return unflatten(kept);
  });
}

function elementsOf(dtype: DType, length: number): fc.Arbitrary<number[]> {
  const element = {
    float32: fc.float(),
    float64: fc.double(),
    int32: fc.integer(),
    bool: fc.nat({ max: 1 }),
  }[dtype];
  return fc.array(element, { minLength: length, maxLength: length });
}

function make(dtype: DType, shape: readonly number[], values: readonly number[]): Tensor {
  switch (dtype) {
    case "float32":
      return float32(shape, values);
    case "float64":
      return tensor(dtype, shape, Float64Array.from(values));
    case "int32":
      return int32(shape, values);
    case "bool":
      return tensor(dtype, shape, Uint8Array.from(values));
  }
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof SafetensorsError ? error.message : String(error).padEnd(1000);
  }
  return "".padEnd(1000);
}
