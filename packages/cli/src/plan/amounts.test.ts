import { expect, test } from "vitest";
import { durationOption, sizeOption } from "./amounts.ts";

test.each([
  ["30s", 30],
  ["30", 30],
  ["1.5 m", 90],
  ["2min", 120],
  ["2h", 7200],
  ["250ms", 0.25],
])("a duration of %s is %d seconds", (text, seconds) => {
  expect(durationOption.parse(text)).toBeCloseTo(seconds, 12);
});

test.each([
  ["1500", 1500],
  ["178kB", 178_000],
  ["3 MB", 3_000_000],
  ["1.5MiB", 1_572_864],
  ["2GB", 2e9],
  ["0", 0],
])("a size of %s is %d bytes", (text, bytes) => {
  expect(sizeOption.parse(text)).toBe(bytes);
});

test.each(["", "soon", "-3s", "3 days", "0s", "1e3s", "3constructor", "99999999999999s"])(
  "%j is no duration",
  (text) => {
    expect(durationOption.safeParse(text).error?.issues[0]?.message).toContain("such as 30s, 5m or 2h");
  },
);

test.each(["", "big", "-1", "3TB", "1 kB more", "9999999GB"])("%j is no size", (text) => {
  expect(sizeOption.safeParse(text).error?.issues[0]?.message).toContain("such as 1500, 12kB or 3MiB");
});
