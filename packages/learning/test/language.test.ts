import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { key } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import {
  generate,
  type LanguageModel,
  type Llama,
  llamaReader,
  meanNegativeLogLikelihood,
  readLlama2c,
  readLlama2cTokenizer,
} from "@concord/learning";
import { beforeAll, describe, expect, it } from "vitest";
import { nextTokenLogits, tinyLlama2c, tinyTokenizer } from "./tiny-llama.ts";

const engine = await engineFor();

describe("a model file of llama2.c", () => {
  it.each([
    ["with tied weights", true],
    ["with a head of its own", false],
  ])(
    "%s gives the logits of a plain computation in float64, beyond the first room of the cache",
    async (_what, tied) => {
      const file = tinyLlama2c({ tied, context: 80 });
      const reading = llamaReader(engine, readLlama2c(file.bytes))(1);
      const tokens = Array.from({ length: 70 }, (_, i) => (7 * i + 3) % file.vocabulary);
      for (let at = 0; at < tokens.length; at++) {
        const [logits] = await reading.read([tokens[at] as number]);
        if (at % 23 !== 0) continue;
        const expected = nextTokenLogits(file, tokens.slice(0, at + 1));
        expected.forEach((value, i) => {
          expect(logits?.[i]).toBeCloseTo(value, 4);
        });
      }
    },
  );

  it("is read the same from any address, and from a Buffer", () => {
    const { bytes } = tinyLlama2c();
    const shifted = Buffer.concat([Buffer.from([0]), bytes]).subarray(1);
    expect(readLlama2c(shifted)).toEqual(readLlama2c(bytes));
  });

  it.each<[string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array, RegExp]>([
    ["is cut short", (bytes) => bytes.slice(0, -4), /promises \d+ weights .* holds/],
    ["goes on", (bytes) => new Uint8Array([...bytes, 0]), /promises/],
    ["has no header", () => new Uint8Array(3), /too few/],
    ["has heads that do not divide the width", (bytes) => word(bytes, 3, 3), /3 heads do not divide a width of 8/],
    ["has key heads that do not divide the heads", (bytes) => word(bytes, 4, 3), /3 key heads do not divide/],
    ["has no layers", (bytes) => word(bytes, 2, 0), /0 for the layers; expected 1 to 1024/],
    ["is far too large", (bytes) => word(bytes, 5, 999_999_999), /999999999 for the vocabulary/],
    ["holds NaN", (bytes) => word(bytes, 7, 0x7fc00000), /weight 0 is NaN/],
  ])("that %s is refused", (_what, damage, message) => {
    expect(() => readLlama2c(damage(tinyLlama2c().bytes))).toThrow(message);
  });
});

describe("a reading", () => {
  it("of several texts gives each the logits that it has alone", async () => {
    const { bytes } = tinyLlama2c();
    const open = llamaReader(engine, readLlama2c(bytes));
    const [together, first, second] = [open(2), open(1), open(1)];
    for (const [a, b] of [
      [1, 5],
      [2, 2],
      [9, 0],
    ] as const) {
      const rows = await together.read([a, b]);
      const alone = [...(await first.read([a])), ...(await second.read([b]))];
      rows.forEach((row, i) => {
        row.forEach((value, j) => {
          expect(value).toBeCloseTo(alone[i]?.[j] ?? Number.NaN, 5);
        });
      });
    }
  });

  it("that branches goes on from the same words, and its branches go their own ways", async () => {
    const open = llamaReader(engine, readLlama2c(tinyLlama2c().bytes));
    const trunk = open(1);
    await trunk.read([4]);
    await trunk.read([6]);
    const branches = trunk.branch(3);
    const rows = await branches.read([1, 2, 1]);
    const [alone] = await trunk.read([2]);
    expect(rows[0]).toEqual(rows[2]);
    rows[1]?.forEach((value, j) => {
      expect(value).toBeCloseTo(alone?.[j] ?? Number.NaN, 5);
    });
    expect(rows[0]).not.toEqual(rows[1]);
    expect(() => branches.branch(2)).toThrow("only a reading of one text can branch, this has 3");
  });

  it("refuses tokens that are none, and ends with the context", async () => {
    const reading = llamaReader(engine, readLlama2c(tinyLlama2c({ context: 2 }).bytes))(1);
    await expect(reading.read([1, 2])).rejects.toThrow("2 tokens for 1 texts");
    await expect(reading.read([-1])).rejects.toThrow("token -1 is not in a vocabulary");
    await reading.read([1]);
    await reading.read([1]);
    await expect(reading.read([1])).rejects.toThrow("the context of 2 tokens is full");
  });
});

describe("answers of a model", () => {
  let model: LanguageModel;
  let llama: Llama;
  beforeAll(() => {
    const file = tinyLlama2c({ vocabulary: 300, context: 80 });
    llama = readLlama2c(file.bytes);
    model = { name: "tiny", tokenizer: tinyTokenizer(300), context: 80, open: llamaReader(engine, llama) };
  });

  it("do not depend on how many are drawn", async () => {
    const request = { prompt: "ab", maxTokens: 12, temperature: 1, key: key(3) };
    const many = await generate(model, { ...request, count: 5 });
    const few = await generate(model, { ...request, count: 2 });
    expect(few.map(({ tokens }) => tokens)).toEqual(many.slice(0, 2).map(({ tokens }) => tokens));
    expect(new Set(many.map(({ text }) => text)).size).toBeGreaterThan(1);
  });

  it("say their own log probability", async () => {
    const [answer] = await generate(model, { prompt: "", count: 1, maxTokens: 9, temperature: 0.7, key: key(4) });
    if (answer === undefined || answer.finish !== "length")
      throw new Error("the tiny model ended early: choose another key");
    const file = tinyLlama2c({ vocabulary: 300, context: 80 });
    let sum = 0;
    answer.tokens.forEach((token, i) => {
      const logits = nextTokenLogits(file, [1, ...answer.tokens.slice(0, i)]);
      const top = Math.max(...logits);
      sum += (logits[token] as number) - top - Math.log(logits.reduce((total, x) => total + Math.exp(x - top), 0));
    });
    expect(answer.logProbability).toBeCloseTo(sum, 3);
  });

  it("stop where they are told to, and say why", async () => {
    const answers = await generate(model, { prompt: "a", count: 2, maxTokens: 1000, temperature: 1, key: key(5) });
    for (const { tokens, finish } of answers) {
      expect(finish === "stop" || tokens.length > 70).toBe(true);
    }
    await expect(
      generate(model, { prompt: "a".repeat(200), count: 1, maxTokens: 1, temperature: 1, key: key(1) }),
    ).rejects.toThrow(/the prompt has 2\d\d tokens, the context holds 80/);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(
      generate(model, { prompt: "a", count: 1, maxTokens: 5, temperature: 1, key: key(1), signal }),
    ).rejects.toThrow("enough");
  });

  it.each([
    [{ temperature: -1 }, /temperature must be in 0 … 100, got -1/],
    [{ topK: 0 }, /topK must be a whole number ≥ 1, got 0/],
    [{ topP: 1.5 }, /topP must be above 0 and up to 1, got 1.5/],
    [{ count: 0 }, /count must be/],
    [{ maxTokens: 2.5 }, /maxTokens must be/],
  ])("are not drawn with %j", async (change, message) => {
    const request = { prompt: "a", count: 1, maxTokens: 5, temperature: 1, key: key(1), ...change };
    await expect(generate(model, request)).rejects.toThrow(message);
  });
});

const { CONCORD_DATA } = process.env;

describe.skipIf(CONCORD_DATA === undefined)("stories260K (skipped where CONCORD_DATA does not say where it is)", () => {
  const folder = join(CONCORD_DATA ?? "", "llama2c-stories260k");
  let stories: LanguageModel;
  beforeAll(async () => {
    const llama = readLlama2c(await readFile(join(folder, "stories260K.bin")));
    const tokenizer = readLlama2cTokenizer(await readFile(join(folder, "tok512.bin")), llama.size.vocabulary);
    stories = { name: "stories260K", tokenizer, context: llama.size.context, open: llamaReader(engine, llama) };
  });

  it("says word for word what llama2.c says, taking the most probable token 200 times", async () => {
    const [answer] = await generate(stories, { prompt: "", count: 1, maxTokens: 200, temperature: 0, key: key(1) });
    // The file ends its last line, as the program that wrote it does.
    expect(`${answer?.text}\n`).toBe(await readFile(join(folder, "expected-greedy-200.txt"), "utf8"));
  });

  it("finds its own language less surprising than another one", async () => {
    const [own, other] = await meanNegativeLogLikelihood(stories, [
      "Once upon a time, there was a little girl named Lily. She loved to play outside.",
      "Die Genehmigung ist gemäß Paragraph 12 schriftlich zu beantragen und zu begründen.",
    ]);
    expect(own).toBeLessThan(1.5);
    expect(other).toBeGreaterThan(3);
  });

  it("reads back what it writes, whatever the text", () => {
    for (const text of ["Once upon a time", " two  spaces", "naïve 犬 🐕", "a\nb", ""]) {
      expect(stories.tokenizer.decode([1, ...stories.tokenizer.encode(text)])).toBe(text);
    }
  });
});

/** The file with one of its 32-bit words set. */
function word(bytes: Uint8Array<ArrayBuffer>, at: number, value: number): Uint8Array {
  const changed = bytes.slice();
  new DataView(changed.buffer).setInt32(4 * at, value, true);
  return changed;
}
