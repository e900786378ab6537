import { AlignmentError } from "../alignment-error.ts";
import type { ColumnRoles, ReadRewards, TableColumn } from "./table.ts";
import { keepsTexts, rewardsFromColumns } from "./table.ts";

/**
 * Rewards from a CSV text (RFC 4180: commas, fields in double quotes may hold commas, line ends and doubled quotes) whose
 * first line names the columns. Numbers go straight into columns, so a million rows are no million objects.
 * Throws AlignmentError with the line.
 */
export function rewardsFromCsv(text: string, roles: ColumnRoles = {}): ReadRewards {
  const scanner = scan(text);
  const names = scanner.record()?.map((name) => name.trim());
  if (names === undefined || names.every((name) => name === "")) {
    throw new AlignmentError("the CSV is empty; its first line must name the columns");
  }
  const builders = names.map((name) => columnBuilder(name, keepsTexts(name, roles)));
  let rows = 0;
  for (let fields = scanner.record(); fields !== undefined; fields = scanner.record()) {
    if (fields.length === 1 && fields[0] === "" && names.length > 1) continue;
    if (fields.length !== names.length) {
      throw new AlignmentError(
        `line ${scanner.line()} has ${fields.length} fields; the first line names ${names.length}`,
      );
    }
    rows++;
    for (let i = 0; i < fields.length; i++) builders[i]?.add(fields[i] as string);
  }
  return rewardsFromColumns(
    builders.map((builder) => builder.done()),
    rows,
    roles,
  );
}

/** Collects a column; grows by doubling. */
export function columnBuilder(
  name: string,
  label: boolean,
): { add(field: string | number): void; done(): TableColumn } {
  let numbers = new Float64Array(1024);
  const texts: string[] = [];
  let rows = 0;
  let badCount = 0;
  let bad: { row: number; text: string } | undefined;
  return {
    add(field) {
      if (label) texts.push(typeof field === "string" ? field.trim() : String(field));
      if (rows === numbers.length) {
        const grown = new Float64Array(2 * rows);
        grown.set(numbers);
        numbers = grown;
      }
      const number = typeof field === "number" ? field : field.trim() === "" ? Number.NaN : Number(field);
      numbers[rows++] = number;
      if (!Number.isFinite(number)) {
        badCount++;
        bad ??= { row: rows, text: String(field).slice(0, 60) };
      }
    },
    done: () => ({
      name,
      numbers: numbers.subarray(0, rows),
      ...(label && { texts }),
      ...(bad && { bad }),
      badCount,
    }),
  };
}

/** Records of a CSV text, one after the other; `line` is that of the last one's start. */
function scan(text: string): { record(): string[] | undefined; line(): number } {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 0;
  let newlines = 1;

  function quoted(): string {
    let value = "";
    for (;;) {
      const close = text.indexOf('"', at + 1);
      if (close < 0) throw new AlignmentError(`line ${line}: a quote is opened and never closed`);
      const piece = text.slice(at + 1, close);
      for (let i = piece.indexOf("\n"); i >= 0; i = piece.indexOf("\n", i + 1)) newlines++;
      value += piece;
      at = close + 1;
      if (text[at] !== '"') return value;
      value += '"';
    }
  }

  return {
    line: () => line,
    record() {
      if (at >= text.length) return undefined;
      line += newlines;
      newlines = 1;
      const fields: string[] = [];
      for (;;) {
        if (text[at] === '"') {
          fields.push(quoted());
        } else {
          let end = at;
          for (let code = text.charCodeAt(end); end < text.length && code !== 44 && code !== 10; ) {
            code = text.charCodeAt(++end);
          }
          const crLf = text.charCodeAt(end - 1) === 13 && end > at;
          fields.push(text.slice(at, crLf ? end - 1 : end));
          at = end;
        }
        if (text[at] === "\r") at++;
        if (text[at] === ",") {
          at++;
          continue;
        }
        if (at < text.length && text[at] !== "\n")
          throw new AlignmentError(`line ${line}: there is text after a quoted field`);
        at++;
        return fields;
      }
    },
  };
}
