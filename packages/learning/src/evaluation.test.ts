import { describe, expect, it } from "vitest";
import { addEvaluations, meanOf, means } from "./evaluation.ts";

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

describe("means", () => {
  it("are over the examples of all parties, not means of means", () => {
    const found = means([
      { accuracy: { sum: 1, count: 1 }, loss: { sum: 2, count: 1 } },
      {},
      { accuracy: { sum: 0, count: 3 }, loss: { sum: 6, count: 3 } },
    ]);
    expect(found).toEqual({ accuracy: 0.25, loss: 2, examples: 4, metrics: { accuracy: 0.25, loss: 2 } });
    expect(means([])).toEqual({ accuracy: null, loss: null, examples: 0, metrics: {} });
  });

  it("count an example once, whatever was measured on it", () => {
    const found = means([
      { accuracy: { sum: 3, count: 10 } },
      { loss: { sum: 5, count: 20 } },
      { loss: { sum: 0, count: 4 }, accuracy: { sum: 7, count: 10 } },
    ]);
    expect(found).toEqual({ accuracy: 0.5, loss: 5 / 24, examples: 40, metrics: expect.any(Object) });
  });
});
