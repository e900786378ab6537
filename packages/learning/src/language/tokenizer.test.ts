import { describe, expect, it } from "vitest";
import { tinyTokenizer, tokenizerFile } from "../../test/tiny-llama.ts";
import { readLlama2cTokenizer } from "./tokenizer.ts";

const at = (letter: string) => 260 + letter.charCodeAt(0) - "a".charCodeAt(0);
const [SPACE, AB, SPACE_A, ABC] = [259, 286, 287, 288];

describe("a tokenizer of llama2.c", () => {
  const tokenizer = tinyTokenizer(300);

  it("joins the neighbours with the highest score first", () => {
    // "ab" outranks " a", so the a of the first word belongs to the b behind it.
    expect(tokenizer.encode("ab")).toEqual([SPACE, AB]);
    expect(tokenizer.encode("abc")).toEqual([SPACE, ABC]);
    expect(tokenizer.encode("ac")).toEqual([SPACE_A, at("c")]);
  });

  it("spells what it has no token for in bytes", () => {
    expect(tokenizer.encode("é")).toEqual([SPACE, 3 + 0xc3, 3 + 0xa9]);
    expect(tokenizer.decode([3 + 0xc3, 3 + 0xa9])).toBe("é");
  });

  it("takes the leading space away at the beginning of a text, and only there", () => {
    expect(tokenizer.decode([1, ...tokenizer.encode("ab")])).toBe("ab");
    expect(tokenizer.decode(tokenizer.encode("ab"))).toBe(" ab");
    expect(tokenizer.encode("")).toEqual([]);
  });

  it("refuses tokens that it does not have", () => {
    expect(() => tokenizer.decode([300])).toThrow("there is no token 300 in a vocabulary of 300");
  });

  it("refuses files that are damaged", () => {
    const file = tokenizerFile(Array.from({ length: 260 }, (_, i) => ({ piece: `p${i}`, score: 0 })));
    expect(() => readLlama2cTokenizer(file, 261)).toThrow("the tokenizer ends after 260 of 261 tokens");
    expect(() => readLlama2cTokenizer(file, 259)).toThrow(/bytes follow the last token/);
    expect(() => readLlama2cTokenizer(file.slice(0, -1), 260)).toThrow(
      /token 259 .* says a length of 4, 3 bytes are left/,
    );
    expect(() => readLlama2cTokenizer(file, 5)).toThrow(/a vocabulary has 259 to 1000000 tokens, got 5/);
  });
});
