import { describe, expect, it } from "vitest";
import { parseTarget, showTarget } from "./target.ts";

describe("a target", () => {
  it.each([
    ["2.46", { kind: "level", level: 2.46 }],
    ["-1.5e-3", { kind: "level", level: -0.0015 }],
    [" 0 ", { kind: "level", level: 0 }],
    ["mean", { kind: "mean" }],
    ["q70", { kind: "quantile", q: 0.7 }],
    ["q99.5", { kind: "quantile", q: 0.995 }],
    ["+25%", { kind: "gain", gain: 0.25 }],
    ["-10%", { kind: "gain", gain: -0.1 }],
    ["p95>=1.2", { kind: "share", share: 0.95, threshold: 1.2 }],
    ["p95 >= -3", { kind: "share", share: 0.95, threshold: -3 }],
  ])("%s is read and written back", (text, target) => {
    expect(parseTarget(text)).toEqual(target);
    expect(parseTarget(showTarget(parseTarget(text)))).toEqual(target);
  });

  it.each(["", "median", "q101", "q-1", "p95>1", "p120>=1", "25%", "1e999", "NaN", "q", "-100%", "2,5", "0x10"])(
    "%j is refused with what is possible",
    (text) => {
      expect(() => parseTarget(text)).toThrow(/is no target; write a level|out of range/);
    },
  );
});
