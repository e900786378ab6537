import { describe, expect, it } from "vitest";
import { parseIdx } from "./idx.ts";

const header = (...bytes: number[]) => Uint8Array.from(bytes);

describe("parseIdx", () => {
  it("reads shape and elements", () => {
    const file = header(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255);
    expect(parseIdx(file)).toEqual({ shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 255) });
  });

  it("reads a view into a larger buffer", () => {
    const file = header(9, 9, 0, 0, 8, 1, 0, 0, 0, 1, 7).subarray(2);
    expect(parseIdx(file)).toEqual({ shape: [1], data: Uint8Array.of(7) });
  });

  it("says what is wrong", () => {
    expect(() => parseIdx(header(0, 0, 8), "x.gz")).toThrow("x.gz: 3 bytes are too few");
    expect(() => parseIdx(header(0x1f, 0x8b, 8, 0))).toThrow("gzip: decompress it first");
    expect(() => parseIdx(header(0, 0, 13, 1, 0, 0, 0, 0))).toThrow("element type 13 is not 8");
    expect(() => parseIdx(header(0, 0, 8, 0))).toThrow("no axis");
    expect(() => parseIdx(header(0, 0, 8, 2, 0, 0, 0, 1))).toThrow("header of 2 axes");
    expect(() => parseIdx(header(0, 0, 8, 1, 0, 0, 0, 3, 1, 2))).toThrow("needs 3 bytes after the header, there are 2");
    expect(() => parseIdx(header(0, 0, 8, 1, 0, 0, 0, 1, 1, 2))).toThrow("there are 2");
  });
});
