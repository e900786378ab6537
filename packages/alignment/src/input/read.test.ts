import { describe, expect, it } from "vitest";
import { readRewards } from "./read.ts";

const CSV = 'prompt_id,humor,answer,"odd, name"\r\n7,1.5,"said ""hi"",\nthen left",-2\r\n8,2,plain,3e-1\r\n';

describe("rewards", () => {
  it("are read from CSV, quoted fields and all; texts are left out with a note", () => {
    const { rewards, notes } = readRewards(CSV, undefined);
    expect(rewards.values).toEqual(["humor", "odd, name"]);
    expect([...rewards.data]).toEqual([1.5, -2, 2, 0.3]);
    expect(rewards.prompts?.names).toEqual(["7", "8"]);
    expect(notes).toEqual(['the column "answer" holds no numbers and is left out']);
  });

  it("hand on the texts that are asked for, and those only", () => {
    const roles = { texts: ["answer", "prompt", "humor"] };
    const csv = readRewards(CSV, undefined, roles);
    expect(csv.texts).toEqual({ answer: ['said "hi",\nthen left', "plain"] });
    expect(csv.notes).toEqual([]);
    expect(csv.rewards.values).toEqual(["humor", "odd, name"]);
    const json = readRewards('[{"prompt":"a","v":1},{"prompt":"7","v":2}]', "json", roles);
    expect(json.texts).toEqual({ prompt: ["a", "7"] });
    expect(json.rewards.values).toEqual(["v"]);
    expect(readRewards(CSV, undefined).texts).toEqual({});
  });

  it("are read from JSON and JSON Lines in any of their forms", () => {
    const records = [
      { prompt_id: "x", humor: 1, help: 2 },
      { prompt_id: "x", humor: 3, help: 4 },
    ];
    const nested = records.map(({ prompt_id, ...rewards }) => ({ prompt_id, rewards }));
    const columns = { prompt_id: ["x", "x"], humor: [1, 3], help: [2, 4] };
    const lines = records.map((record) => JSON.stringify(record)).join("\n");
    for (const text of [
      JSON.stringify(records),
      JSON.stringify(nested, null, 2),
      JSON.stringify(columns),
      lines,
      `${lines}\n\n`,
    ]) {
      const { rewards } = readRewards(text, undefined);
      expect(rewards.values).toEqual(["humor", "help"]);
      expect([...rewards.data]).toEqual([1, 2, 3, 4]);
      expect([...(rewards.prompts?.of ?? [])]).toEqual([0, 0]);
    }
  });

  it("take another prompt column and a group column; prompt_id is never a value", () => {
    const { rewards } = readRewards("prompt_id,q,lang,v\n1,a,en,2\n2,a,en,3\n", "csv", {
      promptColumn: "q",
      groupColumn: "lang",
    });
    expect(rewards.values).toEqual(["v"]);
    expect(rewards.prompts?.names).toEqual(["a"]);
    expect(rewards.groups?.names).toEqual(["en"]);
  });

  it("leave out a value with gaps, and refuse it where it is asked for", () => {
    const text = "a,b\n1,2\n,3\nNaN,4\n";
    const { rewards, notes } = readRewards(text, "csv");
    expect(rewards.values).toEqual(["b"]);
    expect(notes[0]).toContain('row 2 has "" for "a" (and 1 more rows like it)');
    expect(() => readRewards(text, "csv", { values: ["a"] })).toThrow('row 2 has "" for "a"');
  });

  it.each([
    ["", "the CSV is empty"],
    ["a,b\n1,2\n3\n", "line 3 has 1 fields; the first line names 2"],
    ["a,a\n1,2\n", 'column "a" is there twice'],
    ["a,b\n", "there are no samples"],
    ['a\n"1\n', "a quote is opened and never closed"],
    ['a,b\n"1"x,2\n', "text after a quoted field"],
    ["a\nx\ny\n", 'no column holds rewards: the column "a" holds no numbers'],
    ["[1, 2]", "entry 1 is no object"],
    ['{"a": 1}\n{"a": ', "line 2 is no JSON"],
    ['{"a": 1}\n{"b": 2}', 'line 2 has "b", which the first entry does not have'],
    ['{"a": [1], "b": [1, 2]}', '"b" has 2 entries, another column 1'],
    ["[", "the input is no JSON"],
  ])("%j is refused with the reason", (text, reason) => {
    expect(() => readRewards(text, undefined)).toThrow(reason);
  });

  it("name a prompt column that is not there", () => {
    expect(() => readRewards("a\n1\n2\n", "csv", { promptColumn: "p" })).toThrow(
      'no prompt column "p"; the columns are a',
    );
  });
});
