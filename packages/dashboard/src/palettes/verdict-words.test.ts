import { parsePalette } from "@concord/alignment";
import { describe, expect, it } from "vitest";
import { createDesk } from "./desk.ts";
import { verdictOf } from "./verdict-words.ts";

const desk = createDesk();
desk.open({
  kind: "text",
  name: "x",
  text: `v\n${Array.from({ length: 400 }, (_, j) => Number(j < 40)).join("\n")}\n`,
  format: "csv",
});
const verdict = (palette: string, dual: "joint" | "per-prompt" = "joint") =>
  verdictOf(desk.solve({ palette: parsePalette(palette), dual }));

describe("the verdict", () => {
  it("is the command line's, under a title that says the first of it", () => {
    expect(verdict("v=0.2")).toEqual({
      tone: "good",
      title: "Reachable",
      words: expect.stringMatching(/^KL [\d.]+ from the base model; the answer rests on \d+ of 400 samples\.$/),
    });
    expect(verdict("v=0.99")).toEqual({
      tone: "warn",
      title: "Not estimable",
      words: expect.stringMatching(/^The palette is reachable on them .* or lower targets\.$/),
    });
    expect(verdict("v=1.5")).toEqual({
      tone: "bad",
      title: "Not reachable",
      words: expect.stringMatching(/^Because v ≥ 1\.5 is beyond what .* Nearest reachable: v 0\.9997\.$/),
    });
  });

  it("says why nothing was solved, and that nothing was asked", () => {
    expect(verdict("v=0.2", "per-prompt")).toMatchObject({ tone: "bad", title: "Cannot be solved" });
    expect(verdict("")).toMatchObject({ tone: "none", title: "Nothing asked" });
    expect(verdictOf(null)).toMatchObject({ tone: "none", words: "" });
  });
});
