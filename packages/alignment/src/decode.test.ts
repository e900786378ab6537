import { key, rng } from "@concord/engine/random";
import { describe, expect, it } from "vitest";
import { draw, pickWeights, score } from "./decode.ts";
import { parseTarget } from "./target.ts";

describe("picking among candidates", () => {
  it("is by softmax of λ·r, and does not overflow", () => {
    expect(pickWeights([0, Math.log(3)])).toEqual([0.25, 0.75].map((p) => expect.closeTo(p, 15)));
    expect(pickWeights([1e6, 1e6 + Math.log(3)])).toEqual([0.25, 0.75].map((p) => expect.closeTo(p, 9)));
    expect(pickWeights([-1e9, 0])).toEqual([0, 1]);
    expect(() => pickWeights([])).toThrow("no candidates");
  });

  it("draws with these probabilities", () => {
    const random = rng(key("draw"));
    const counts = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const picked = draw([0.2, 0, 0.8], random);
      counts[picked] = (counts[picked] as number) + 1;
    }
    expect(counts[1]).toBe(0);
    expect((counts[0] as number) / 20_000).toBeCloseTo(0.2, 1);
  });

  it("scores levels, shares and groups", () => {
    const goals = [
      { value: "a", target: parseTarget("mean"), lambda: 2 },
      { value: "b", target: parseTarget("p95>=1"), lambda: 3 },
      { value: "a", group: "de", target: parseTarget("0.4"), lambda: 10 },
    ];
    expect(score(goals, { a: 0.5, b: 1 })).toBe(4);
    expect(score(goals, { a: 0.5, b: 0.9 }, "en")).toBe(1);
    expect(score(goals, { a: 0.5, b: 0.9 }, "de")).toBe(6);
    expect(() => score(goals, { a: 0.5 })).toThrow('no reward for "b"');
    expect(() => score(goals, { a: Number.NaN, b: 1 })).toThrow('NaN for "a"');
    expect(score([{ value: "z", target: parseTarget("mean"), lambda: 0 }], {})).toBe(0);
  });
});
