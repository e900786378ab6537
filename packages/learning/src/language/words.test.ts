import { describe, expect, it } from "vitest";
import { words } from "./words.ts";

describe("words", () => {
  it.each<[string, readonly string[]]>([
    ["They don't know Lily's dog.", ["They", "do", "n't", "know", "Lily", "'s", "dog", "."]],
    ['"Hi," he said. "I\'m in."', ['"', "Hi", ",", '"', "he", "said", ".", '"', "I", "'m", "in", ".", '"']],
    ["It cost 1,000.50 (or so)!", ["It", "cost", "1,000.50", "(", "or", "so", ")", "!"]],
    ["Mr. Smith met J. Doe. He left.", ["Mr.", "Smith", "met", "J.", "Doe", ".", "He", "left", "."]],
    ["Well... maybe -- or not", ["Well", "...", "maybe", "--", "or", "not"]],
    ["  ", []],
  ])("of %j", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });
});
