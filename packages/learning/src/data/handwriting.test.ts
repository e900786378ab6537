import { key } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { gatherAll, labelHistogram, subset } from "./dataset.ts";
import { drawDigit, handwriting } from "./handwriting.ts";

const plan = { key: key("test"), writers: 30, digitsPerWriter: 20 };

describe("handwriting", () => {
  const digits = handwriting(plan);

  it("is balanced, grouped by writer, and says that it is generated", () => {
    expect(digits.size).toBe(600);
    expect(digits.inputShape).toEqual([28, 28, 1]);
    expect(Array.from(labelHistogram(digits))).toEqual(new Array(10).fill(60));
    expect(digits.groupNames?.length).toBe(30);
    expect(digits.groups?.[20]).toBe(1);
    expect(digits.generated).toBe(true);
    expect(digits.name).toBe("generated handwriting");
  });

  it("is a function of the plan; a writer does not depend on the others", () => {
    expect(handwriting(plan)).toEqual(digits);
    const later = handwriting({ ...plan, writers: 2, firstWriter: 5 });
    const rows = Array.from({ length: 40 }, (_, i) => 100 + i);
    expect(later.inputs.data).toEqual(subset(digits, rows).inputs.data);
    expect(later.y.data).toEqual(subset(digits, rows).y.data);
    expect(handwriting({ ...plan, key: key("other") }).inputs.data).not.toEqual(digits.inputs.data);
  });

  it("holds what drawDigit draws", () => {
    expect(drawDigit(plan.key, 3, 7, 4)).toEqual(digits.inputs.data.slice(64 * 784, 65 * 784));
    expect(() => drawDigit(plan.key, 3, 10, 0)).toThrow("digits are 0 … 9");
  });

  it("is normalised", () => {
    const { data } = gatherAll(digits).x;
    const mean = data.reduce((sum, v) => sum + v, 0) / data.length;
    const variance = data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length;
    expect(Math.abs(mean)).toBeLessThan(0.1);
    expect(Math.abs(Math.sqrt(variance) - 1)).toBeLessThan(0.1);
  });

  it("can be told apart, though not trivially: the nearest mean image of other writers is right in 50 to 90 %", () => {
    const people = gatherAll(handwriting({ ...plan, writers: 60 }));
    const others = gatherAll(handwriting({ ...plan, firstWriter: 1000 }));
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    people.x.data.forEach((v, i) => {
      const mean = means[people.y.data[Math.floor(i / 784)] as number] as Float64Array;
      mean[i % 784] = (mean[i % 784] as number) + v / 120;
    });
    let right = 0;
    for (const [i, label] of others.y.data.entries()) {
      const image = others.x.data.subarray(i * 784, (i + 1) * 784);
      const distances = means.map((mean) => mean.reduce((sum, m, p) => sum + (m - (image[p] as number)) ** 2, 0));
      if (distances.indexOf(Math.min(...distances)) === label) right++;
    }
    expect(right / others.y.data.length).toBeGreaterThan(0.5);
    expect(right / others.y.data.length).toBeLessThan(0.9);
  });

  it("refuses counts below one", () => {
    expect(() => handwriting({ ...plan, writers: 0 })).toThrow("writers must be a whole number ≥ 1, got 0");
  });
});
