import { describe, expect, it } from "vitest";
import { addEvaluations, meanOf } from "./evaluation.ts";

describe("addEvaluations", () => {
  it("adds sums and counts, so that the mean is over examples and not over parties", () => {
    const total = addEvaluations(
      { loss: { sum: 2, count: 10 }, accuracy: { sum: 9, count: 10 } },
      { loss: { sum: 3, count: 90 }, coverage: { sum: 1, count: 1 } },
    );
    expect(total).toEqual({
      loss: { sum: 5, count: 100 },
      accuracy: { sum: 9, count: 10 },
      coverage: { sum: 1, count: 1 },
    });
    expect(meanOf(total, "loss")).toBe(0.05);
    expect(meanOf(total, "rmse")).toBeUndefined();
  });
});
