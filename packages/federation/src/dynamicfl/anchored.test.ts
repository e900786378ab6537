import { flatten, float32 } from "@concord/engine";
import { describe, expect, it } from "vitest";
import type { CoordinatorState, MergeContext } from "../algorithm.ts";
import { anchored } from "./anchored.ts";

const model = (value: number) => ({ w: float32([1], [value]) });
const weightIn = ({ model: of }: CoordinatorState) => flatten(of)[0]?.[1].data[0];

function exchangeAt(step: number, values: readonly number[]): MergeContext {
  const members = values.map((_, i) => ({ party: `p${i}`, examples: 1 + 2 * i, exchanges: [4, 6] }));
  const updates = values.map((value, i) => ({ party: `p${i}`, examples: 1 + 2 * i, tensors: model(value) }));
  return { round: 1, plan: { round: 1, steps: 6, members }, step, last: step === 6, updates };
}

describe("a model that is anchored", () => {
  it("goes as far as the share of the active parties that has worked, from where the round began", () => {
    const rule = anchored(8);
    const middle = rule.merge(rule.begin({ model: model(10) }), exchangeAt(4, [12, 16]));
    expect(weightIn(middle)).toBe(15);
    // (1 · 16 + 3 · 20) / 4 = 19, of which two of eight parties: 10 + 9 / 4.
    const end = rule.merge(middle, exchangeAt(6, [16, 20]));
    expect(weightIn(end)).toBe(12.25);
    // The next round begins there.
    expect(weightIn(rule.merge(end, exchangeAt(6, [16.25, 16.25])))).toBe(13.25);
  });

  it("is the mean where all active parties have worked", () => {
    const rule = anchored(2);
    expect(weightIn(rule.merge(rule.begin({ model: model(10) }), exchangeAt(6, [16, 20])))).toBe(19);
  });
});
