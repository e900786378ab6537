import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCsv } from "./csv.ts";

const fields = (text: string, form = {}) => parseCsv(text, form).map((record) => record.fields);

describe("parseCsv", () => {
  it("reads quotes, doubled quotes, and separators and line ends inside quotes", () => {
    expect(parseCsv('a,"b, c","say ""hi"""\r\n"two\nlines",x,\n1,2,3')).toEqual([
      { line: 1, fields: ["a", "b, c", 'say "hi"'] },
      { line: 2, fields: ["two\nlines", "x", ""] },
      { line: 4, fields: ["1", "2", "3"] },
    ]);
  });

  it("drops blanks around fields, empty lines, comments and the byte order mark", () => {
    expect(fields("\ufeff a , b \n\n| comment, with, fields\n c,d\r\n\r\n", { comment: "|" })).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(fields('""\n')).toEqual([[""]]);
    expect(fields("")).toEqual([]);
  });

  it("separates by other characters and by blanks", () => {
    expect(fields("1;2,5;3", { separator: ";" })).toEqual([["1", "2,5", "3"]]);
    expect(fields("1\t\t3", { separator: "\t" })).toEqual([["1", "", "3"]]);
    expect(fields("  40 1  2 \n# no\n41 0 3\n", { separator: "space", comment: "#" })).toEqual([
      ["40", "1", "2"],
      ["41", "0", "3"],
    ]);
  });

  it("names the line of a quote that is wrong", () => {
    expect(() => parseCsv('a\n"b', {}, "x.csv")).toThrow("x.csv, line 2: a quote is opened and never closed");
    expect(() => parseCsv('a\n"b"c')).toThrow('line 2: text after the closing quote of "b"');
    expect(() => parseCsv("a", { separator: '"' })).toThrow("a separator is one character");
  });

  it("reads back whatever is written in quotes", () => {
    const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", " ", "é") });
    const table = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(table, (rows) => {
        const text = rows.map((row) => row.map((f) => `"${f.replaceAll('"', '""')}"`).join(",")).join("\n");
        expect(fields(text)).toEqual(rows);
      }),
    );
  });
});
