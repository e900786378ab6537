import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exchangeCount, lastStepOf, scheduleOf, scheduleSchema, stepsOf } from "./schedule.ts";

const ascending = fc
  .array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 })
  .map((gaps) => gaps.map((_, i) => gaps.slice(0, i + 1).reduce((sum, gap) => sum + gap, 0)));

describe("a schedule", () => {
  it.each([
    ["one exchange", [250], [{ every: 250, times: 1 }]],
    ["every step", [1, 2, 3], [{ every: 1, times: 3 }]],
    ["a short last gap", [4, 8, 12, 14], [{ every: 4, times: 3 }, { every: 2, times: 1 }]], // biome-ignore format: one line a case
  ])("is runs of equal gaps: %s", (_name, steps, runs) => {
    expect(scheduleOf(steps)).toEqual(runs);
    expect(stepsOf(runs)).toEqual(steps);
  });

  it("gives its steps again, as few runs as there are changes of the gap", () => {
    fc.assert(
      fc.property(ascending, (steps) => {
        const runs = scheduleOf(steps);
        expect(stepsOf(scheduleSchema.parse(runs))).toEqual(steps);
        expect(exchangeCount(runs)).toBe(steps.length);
        expect(lastStepOf(runs)).toBe(steps.at(-1));
        expect(runs.every(({ every }, i) => every !== runs[i - 1]?.every)).toBe(true);
      }),
    );
  });

  it.each([[[0]], [[3, 3]], [[5, 4]], [[1.5]]])("is not made of %j", (steps) => {
    expect(() => scheduleOf(steps)).toThrow(/expected ascending whole steps/);
  });
});
