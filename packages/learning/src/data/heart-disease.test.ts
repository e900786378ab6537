import { describe, expect, it } from "vitest";
import { gather, labelHistogram } from "./dataset.ts";
import { HEART_DISEASE, heartDisease } from "./heart-disease.ts";
import { featureNames } from "./table.ts";

const cleveland = {
  hospital: "Cleveland",
  source: "cleveland",
  text: "50.0,1.0,4.0,120,0,0.0,2.0,150,0,1.0,2,0,7.0,3\n",
} as const;
const hungary = { hospital: "Hungary", source: "hungary", text: "40 0 2 140 200 0 0 170 0 0 -9 -9 -9 0\n" } as const;

describe("heartDisease", () => {
  it("reads both forms of the files into one set with the hospitals as groups", () => {
    const set = heartDisease([cleveland, hungary]);
    expect(set.inputShape).toEqual([featureNames(HEART_DISEASE).length]);
    expect(Array.from(labelHistogram(set))).toEqual([1, 1]);
    expect(Array.from(set.groups ?? [])).toEqual([0, 1]);
    expect(heartDisease([hungary]).groups?.[0]).toBe(1);
  });

  it("takes a cholesterol of 0 for missing, as it takes ? and -9", () => {
    const { x } = gather(heartDisease([cleveland, hungary]), [0, 1]);
    const names = featureNames(HEART_DISEASE);
    const feature = (row: number, name: string) => x.data[row * names.length + names.indexOf(name)];
    expect([feature(0, "chol missing"), feature(1, "chol missing")]).toEqual([1, 0]);
    expect([feature(0, "ca missing"), feature(1, "ca missing")]).toEqual([0, 1]);
    expect(["3", "6", "7"].map((level) => feature(0, `thal = ${level}`))).toEqual([0, 0, 1]);
    expect(["3", "6", "7"].map((level) => feature(1, `thal = ${level}`))).toEqual([0, 0, 0]);
  });

  it("standardises over all rows or hospital by hospital", () => {
    const ages = (standardise: "pooled" | "own") => {
      const { x } = gather(heartDisease([cleveland, hungary], standardise), [0, 1]);
      return [x.data[0], x.data[x.shape[1] as number]];
    };
    expect(ages("pooled")).toEqual([1, -1]);
    expect(ages("own")).toEqual([0, 0]);
  });

  it("names file, line and column of what is wrong", () => {
    const text = "50,1,5,120,200,0,2,150,0,1,2,0,7,3\n";
    expect(() => heartDisease([{ ...cleveland, text }])).toThrow(
      'cleveland, line 1, column "cp": "5" is none of 1, 2, 3, 4',
    );
    expect(() => heartDisease([])).toThrow("at least one hospital");
  });
});
