import { describe, expect, it } from "vitest";
import { formatBytes } from "./bytes.ts";
import { formatCount, formatLoss, formatShare, plural } from "./numbers.ts";
import { formatEstimate, formatSeconds } from "./time.ts";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "0.98 KiB"],
    [636_040, "621 KiB"],
    [1_048_576, "1.00 MiB"],
    [999.6 * 1024, "0.98 MiB"],
    [52_428_800, "50.0 MiB"],
    [5 * 1024 ** 4, "5.00 TiB"],
  ])("shows %d as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it("never needs more than nine characters", () => {
    for (let bytes = 1; bytes < 1e15; bytes *= 1.37) expect(formatBytes(bytes).length).toBeLessThanOrEqual(9);
  });
});

describe("numbers", () => {
  it("groups thousands", () => expect(formatCount(159_010)).toBe("159,010"));
  it("knows one from many", () => {
    expect(plural(1, "party", "parties")).toBe("1 party");
    expect(plural(8, "party", "parties")).toBe("8 parties");
  });
  it("shows shares with one decimal", () => expect(formatShare(0.8349)).toBe("83.5%"));
  it.each([
    [2.3056, "2.31"],
    [0.5123, "0.512"],
    [0.0042, "0.0042"],
    [123.4, "123"],
    [31_000, "3.1e+4"],
    [Number.NaN, "not finite"],
  ])("shows a loss of %d as %s", (loss, text) => expect(formatLoss(loss)).toBe(text));
});

describe("durations", () => {
  it.each([
    [0.84, "0.8 s"],
    [42.4, "42 s"],
    [185, "3 min 5 s"],
    [180, "3 min"],
    [7_800, "2 h 10 min"],
    [4 * 86_400 + 3 * 3_600, "4 d 3 h"],
  ])("%d seconds are %s", (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
  it.each([
    [2, "a few seconds"],
    [38, "about 40 s"],
    [58, "about 1 min"],
    [200, "about 3 min"],
    [7_300, "about 2 h"],
  ])("an estimate of %d seconds reads %s", (seconds, text) => expect(formatEstimate(seconds)).toBe(text));
});
