import { describe, expect, it } from "vitest";
import { createDesk } from "./desk.ts";
import type { ValueView } from "./pilot.ts";
import { formatOf, sourceFromKept } from "./sources.ts";
import { formatPrice, levelWords, rankOf, reachWords } from "./words.ts";

const text = `v\n${Array.from({ length: 101 }, (_, j) => j).join("\n")}\n`;
const value = createDesk().open({ kind: "text", name: "x", text, format: "csv" }).values[0] as ValueView;

describe("words", () => {
  it("place a level among single answers", () => {
    expect([0, 1, 37, 70, 99, 100].map((level) => rankOf(value, level))).toEqual([0, 1, 37, 70, 99, 100]);
    expect(levelWords(value, 70.26)).toBe("70.26 (q70)");
    expect(levelWords(value, 120)).toBe("120 (above q99)");
  });

  it("say how far a value goes", () => {
    const far = { kind: "far", from: 50, limit: 100, thinFrom: 80 } as const;
    expect(reachWords(value, { reach: far, holds: "" })).toBe(
      "Reaches 100 (above q99) while the others hold; from 80 on, too few samples carry it.",
    );
    expect(reachWords(value, { reach: { ...far, thinFrom: null }, holds: "" })).toBe(
      "Reaches 100 (above q99) while the others hold.",
    );
    expect(reachWords(value, { reach: { ...far, thinFrom: 50 }, holds: "" })).toBe(
      "Reaches 100 (above q99) while the others hold, with too few samples all the way.",
    );
    expect(reachWords(value, undefined)).toContain("being computed");
    expect(reachWords({ ...value, constant: true }, undefined)).toContain("The same for all answers");
  });

  it("write prices with three digits", () => {
    expect([0, 1.23456, -0.5, 12345, -0.00001].map(formatPrice)).toEqual(["0", "1.23", "−0.500", "1.2e+4", "−1.0e−5"]);
  });
});

describe("sources", () => {
  it("tell formats by the name", () => {
    expect(["a.csv", "b.JSONL", "c.ndjson", "d.json", "e.txt"].map(formatOf)).toEqual([
      "csv",
      "jsonl",
      "jsonl",
      "json",
      undefined,
    ]);
  });

  it("read what a gateway has served as prompts with several answers", () => {
    const candidate = (text: string, v: number) => ({ text, rewards: { v }, weight: 0.5 });
    const kept = [3, 9].map((seq) => ({
      seq,
      time: "2026-11-22T00:00:00Z",
      prompt: `question ${seq}`,
      picked: 0,
      candidates: [candidate("yes", 1), candidate("no", seq)],
    }));
    const view = createDesk().open(sourceFromKept("served", kept));
    expect(view).toMatchObject({ samples: 4, prompts: 2, severalAnswers: true, hasAnswers: true });
    expect(view.values.map(({ name }) => name)).toEqual(["v"]);
  });
});
