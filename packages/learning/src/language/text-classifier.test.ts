import { encodeSafetensors, float32, key } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { decodeTextClassifier, encodeTextClassifier, logOdds, trainTextClassifier } from "./text-classifier.ts";

const EXAMPLES = [
  { text: "good film", label: 1 },
  { text: "not good film", label: 0 },
  { text: "bad film", label: 0 },
  { text: "not bad film", label: 1 },
];
const SETTINGS = { features: 4096, epochs: 60, learningRate: 0.5, penalty: 0, key: key(1) };

describe("a text classifier", () => {
  it("learns from pairs of words what single words cannot say, and its loss falls", () => {
    const losses: number[] = [];
    const classifier = trainTextClassifier(EXAMPLES, { ...SETTINGS, onEpoch: (_epoch, loss) => losses.push(loss) });
    for (const { text, label } of EXAMPLES) expect(logOdds(classifier, text) > 0).toBe(label === 1);
    expect(losses).toHaveLength(60);
    expect(losses.at(-1)).toBeLessThan(0.3 * (losses[0] ?? 0));
  });

  it("makes the first step that AdaGrad makes", () => {
    // One word: feature value 1. p = 1/2, slope −1/2, so weight and bias both go up by the learning rate.
    const classifier = trainTextClassifier([{ text: "yes", label: 1 }], { ...SETTINGS, epochs: 1 });
    expect(logOdds(classifier, "yes")).toBeCloseTo(2 * 0.5, 5);
    expect(logOdds(classifier, "")).toBeCloseTo(0.5, 5);
  });

  it("is the same again from its file, and for the same key", () => {
    const classifier = trainTextClassifier(EXAMPLES, SETTINGS);
    expect(trainTextClassifier(EXAMPLES, SETTINGS)).toEqual(classifier);
    const read = decodeTextClassifier(encodeTextClassifier(classifier));
    expect(logOdds(read, "not a bad thing")).toBe(logOdds(classifier, "not a bad thing"));
  });

  it("refuses what it cannot learn from or read", () => {
    expect(() => trainTextClassifier([], SETTINGS)).toThrow("there are no texts to learn from");
    expect(() => trainTextClassifier([{ text: "a", label: 2 }], SETTINGS)).toThrow(
      "text 1 has the label 2; expected 0 or 1",
    );
    expect(() => trainTextClassifier(EXAMPLES, { ...SETTINGS, features: 1 })).toThrow(/2 to 2\^24 features, got 1/);
    const weight = float32([4], [1, 2, Number.NaN, 4]);
    const bias = float32([], [0]);
    const format = { format: "concord text classifier 1" };
    expect(() => decodeTextClassifier(encodeSafetensors({ weight, bias }))).toThrow(/says no format/);
    expect(() => decodeTextClassifier(encodeSafetensors({ weight }, format))).toThrow(/"bias" is missing/);
    expect(() => decodeTextClassifier(encodeSafetensors({ weight, bias }, format))).toThrow(
      /"weight" holds NaN at element 2/,
    );
  });
});
