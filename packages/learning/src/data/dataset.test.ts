import { float32, int32, key } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { dataset, gather, gatherAll, holdOut, holdOutRows, labelHistogram, normalised, subset } from "./dataset.ts";

/** Three inputs of shape [2, 2] (two pixels of two channels) kept as bytes. */
const images = dataset({
  name: "tiny",
  inputShape: [2, 2],
  inputs: {
    kind: "bytes",
    data: Uint8Array.of(0, 0, 255, 255, 51, 102, 153, 204, 10, 20, 30, 40),
    ...normalised([0, 0.5], [1, 0.5]),
  },
  y: int32([3], [1, 0, 1]),
  classes: 2,
  groups: Int32Array.of(0, 1, 1),
  groupNames: ["a", "b"],
  generated: false,
});

const numbers = dataset({
  name: "line",
  inputShape: [1],
  inputs: { kind: "float32", data: Float32Array.from({ length: 100 }, (_, i) => i) },
  y: float32(
    [100],
    Array.from({ length: 100 }, (_, i) => 2 * i),
  ),
  classes: 0,
  generated: true,
});

describe("gather", () => {
  it("reads bytes as (byte / 255 − mean) / deviation, channel by channel", () => {
    const { x, y } = gather(images, [1, 0]);
    expect(x.shape).toEqual([2, 2, 2]);
    [0.2, -0.2, 0.6, 0.6, 0, -1, 1, 1].forEach((expected, i) => {
      expect(x.data[i]).toBeCloseTo(expected, 6);
    });
    expect(y).toEqual(int32([2], [0, 1]));
  });

  it("takes rows as often as they are named, and float inputs as they are", () => {
    const { x, y } = gather(numbers, Int32Array.of(3, 3, 99));
    expect(Array.from(x.data)).toEqual([3, 3, 99]);
    expect(Array.from(y.data)).toEqual([6, 6, 198]);
  });

  it("refuses a row that is not there", () => {
    expect(() => gather(images, [3])).toThrow('data set "tiny" has rows 0 … 2, not 3');
    expect(() => gather(images, [0.5])).toThrow(RangeError);
  });
});

describe("subset", () => {
  it("keeps the bytes, the labels and the groups of its rows", () => {
    const part = subset(images, [2, 1]);
    expect(part.size).toBe(2);
    expect(part.inputs.kind).toBe("bytes");
    expect(Array.from(part.groups ?? [])).toEqual([1, 1]);
    expect(gatherAll(part)).toEqual(gather(images, [2, 1]));
  });
});

describe("holdOut", () => {
  it("puts every row in one part and depends on the key alone", () => {
    const { train, heldOut } = holdOutRows(100, key(1), 0.2);
    expect(heldOut.length).toBe(20);
    expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(holdOutRows(100, key(1), 0.2)).toEqual({ train, heldOut });
    expect(holdOutRows(100, key(2), 0.2).heldOut).not.toEqual(heldOut);
    expect(Array.from(holdOut(numbers, key(1), 0.2).heldOut.inputs.data)).toEqual(Array.from(heldOut));
  });

  it("leaves at least one example on each side", () => {
    expect(holdOutRows(2, key(0), 0.01).heldOut.length).toBe(1);
    expect(holdOutRows(2, key(0), 0.99).train.length).toBe(1);
    expect(() => holdOutRows(1, key(0), 0.5)).toThrow(RangeError);
    expect(() => holdOutRows(9, key(0), 1)).toThrow("between 0 and 1");
  });
});

it("counts labels", () => {
  expect(Array.from(labelHistogram(images))).toEqual([1, 2]);
  expect(() => labelHistogram(numbers)).toThrow("targets, not class labels");
});

describe("dataset", () => {
  const { size: _, ...parts } = images;
  it("names the part that does not fit", () => {
    expect(() => dataset({ ...parts, y: int32([3], [1, 0, 2]) })).toThrow("label 2 of example 2 is none of 0 … 1");
    expect(() => dataset({ ...parts, inputShape: [3] })).toThrow("3 inputs of shape [3] need 9 elements, got 12");
    expect(() => dataset({ ...parts, groups: Int32Array.of(0) })).toThrow("3 examples but 1 groups");
    expect(() => dataset({ ...parts, groups: Int32Array.of(0, 1, 2) })).toThrow("group 2 of example 2");
    expect(() => dataset({ ...parts, classNames: ["one"] })).toThrow("2 classes but 1 class names");
    expect(() => dataset({ ...parts, y: float32([3], [1, 0, 1]) })).toThrow("must be int32");
  });
});
