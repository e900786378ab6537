import { describe, expect, it } from "vitest";
import { bindPalette, paletteFrom, parsePalette, showPalette } from "./palette.ts";
import { labels, makeRewards } from "./rewards.ts";

const rewards = makeRewards(
  ["humor", "gpt2-helpful", "odd@name"],
  [
    [1, 2, 3],
    [2, 3, 5],
  ],
  {
    groups: labels(["en", "de"]),
  },
);

describe("a palette", () => {
  it("is read from text and from an object, and written back", () => {
    const text = "humor=2.46,gpt2-helpful=mean,humor@de=p95>=1.2";
    expect(showPalette(parsePalette(text))).toBe(text);
    expect(showPalette(paletteFrom({ humor: [2.46, "p95>=1.2"], "gpt2-helpful": "mean" }))).toBe(
      "humor=2.46,humor=p95>=1.2,gpt2-helpful=mean",
    );
  });

  it("labels a goal by its value, its group, and its target where the value has several", () => {
    const bound = bindPalette(rewards, parsePalette("humor=2,humor=p95>=1.2,odd@name=mean,gpt2-helpful@de=q50"));
    expect(bound.map(({ label }) => label)).toEqual(["humor:2", "humor:p95>=1.2", "odd@name", "gpt2-helpful@de"]);
  });

  it("is refused with the reason", () => {
    const bind = (text: string) => () => bindPalette(rewards, parsePalette(text));
    expect(bind("")).toThrow("the palette is empty");
    expect(bind("humour=2")).toThrow('no value "humour"; the rewards have humor, gpt2-helpful');
    expect(bind("humor")).toThrow("write value=target");
    expect(bind("humor@fr=2")).toThrow('no group "fr"; there are en, de');
    expect(bind("humor=2,humor=2")).toThrow("humor=2 is there twice");
    const plain = makeRewards(["humor"], [[1], [2]]);
    expect(() => bindPalette(plain, parsePalette("humor@de=2"))).toThrow("have no groups");
  });
});
