import { readFile } from "node:fs/promises";
import type { PlannedParty } from "@concord/federation";
import { MBIT } from "@concord/federation";
import type { CsvRecord } from "@concord/learning";
import { parseCsv } from "@concord/learning";
import { InputError } from "../output.ts";

/** A party as a line of the file describes it. */
export interface ListedParty extends PlannedParty {
  /** Money for 10⁹ bytes, whichever way they go. */
  readonly pricePerGb?: number | undefined;
}

interface Column {
  readonly required: boolean;
  readonly expected: string;
  holds(text: string): boolean;
}

const number = (expected: string, required: boolean, holds: (value: number) => boolean): Column => ({
  required,
  expected,
  holds: (text) => /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) && holds(Number(text)),
});
const positive = (unit: string, required = true) =>
  number(`${unit}: a number above 0`, required, (value) => value > 0 && value <= 1e9);
const notNegative = (unit: string, required = false) =>
  number(`${unit}: a number from 0`, required, (value) => value <= 1e9);

/** What the columns may be called and hold. Their order is free. */
export const COLUMNS: Readonly<Record<string, Column>> = {
  party: { required: true, expected: "the name of the party", holds: (text) => text.length > 0 && text.length <= 200 },
  up_mbit: positive("Mbit/s (10⁶ bits) from the party to the coordinator"),
  down_mbit: positive("Mbit/s from the coordinator to the party"),
  latency_ms: notNegative("milliseconds of a round trip", true),
  steps_per_second: positive("local steps a second", false),
  seconds_per_step: positive("seconds of a local step", false),
  examples: number("training examples: a whole number from 1", false, (n) => Number.isSafeInteger(n) && n >= 1),
  labels: {
    required: false,
    expected: "examples of each class: whole numbers with blanks between them, such as 120 0 37, not all 0",
    holds: (text) => /^\d+( +\d+)*$/.test(text) && /[1-9]/.test(text),
  },
  budget_mb: notNegative("MB (10⁶ bytes) a round, both ways together"),
  price_per_gb: notNegative("money for a GB (10⁹ bytes)"),
  budget_money: notNegative("money a round"),
};

/** Reads a table of parties and their links. Throws InputError that names file, line, column and value of all that is wrong. */
export async function readLinksFile(path: string): Promise<readonly ListedParty[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
  return parseLinks(text, path);
}

/** The parties of such a table. Throws InputError as above. */
export function parseLinks(text: string, source: string): readonly ListedParty[] {
  const [header, ...records] = read(text, source);
  const problems = header === undefined ? ["is empty: expected a header and a line for each party"] : [];
  const names = header?.fields ?? [];
  if (header) problems.push(...headerProblems(names, header.line));
  if (header && records.length === 0) problems.push("has no parties: expected a line for each after the header");
  if (problems.length === 0) problems.push(...recordProblems(names, records));
  if (problems.length > 0) throw new InputError(problems.map((problem) => `${source} ${problem}`).join("\n"));
  return records.map(({ fields }) => partyOf((column) => fields[names.indexOf(column)] || undefined));
}

function read(text: string, source: string): CsvRecord[] {
  try {
    return parseCsv(text, { comment: "#" }, source);
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : String(error));
  }
}

function headerProblems(names: readonly string[], line: number): string[] {
  const problems: string[] = [];
  const at = `line ${line}:`;
  for (const [i, name] of names.entries()) {
    if (!Object.hasOwn(COLUMNS, name)) {
      problems.push(`${at} there is no column "${name}"; known are ${Object.keys(COLUMNS).join(", ")}`);
    }
    if (names.indexOf(name) < i) problems.push(`${at} column "${name}" is there twice`);
  }
  for (const [name, { required, expected }] of Object.entries(COLUMNS)) {
    if (required && !names.includes(name)) problems.push(`${at} column "${name}" is missing (${expected})`);
  }
  if (names.includes("steps_per_second") === names.includes("seconds_per_step")) {
    problems.push(`${at} expected one of the columns steps_per_second and seconds_per_step`);
  }
  if (names.includes("budget_money") && !names.includes("price_per_gb")) {
    problems.push(`${at} budget_money needs the column price_per_gb`);
  }
  return problems;
}

function recordProblems(names: readonly string[], records: readonly CsvRecord[]): string[] {
  const problems: string[] = [];
  const lineOf = new Map<string, number>();
  let classes: number | undefined;
  for (const { line, fields } of records) {
    if (fields.length !== names.length) {
      problems.push(`line ${line}: ${fields.length} fields, expected ${names.length} (${names.join(", ")})`);
      continue;
    }
    const fieldOf = (column: string) => fields[names.indexOf(column)] || undefined;
    for (const [i, name] of names.entries()) {
      const { required, expected, holds } = COLUMNS[name] as Column;
      const value = fields[i] as string;
      const needed = required || name === "steps_per_second" || name === "seconds_per_step";
      if (value === "" ? needed : !holds(value)) {
        problems.push(`line ${line}, column "${name}": expected ${expected}, got ${JSON.stringify(value)}`);
      }
    }
    const before = lineOf.get(fieldOf("party") ?? "");
    if (before !== undefined) problems.push(`line ${line}, column "party": "${fieldOf("party")}" is on line ${before}`);
    lineOf.set(fieldOf("party") ?? "", line);
    if (fieldOf("budget_money") !== undefined && fieldOf("price_per_gb") === undefined) {
      problems.push(`line ${line}, column "price_per_gb": expected a price, since budget_money is given`);
    }
    const counts = fieldOf("labels")?.split(/ +/).length;
    classes ??= counts;
    if (counts !== undefined && counts !== classes) {
      problems.push(`line ${line}, column "labels": ${counts} classes, expected ${classes} as on the lines before`);
    }
  }
  return problems;
}

/** A party from fields that have been checked. */
function partyOf(text: (column: string) => string | undefined): ListedParty {
  const fieldOf = (column: string) => (text(column) === undefined ? undefined : Number(text(column)));
  const required = (column: string) => fieldOf(column) as number;
  const labels = text("labels")?.split(/ +/).map(Number);
  const pricePerGb = fieldOf("price_per_gb");
  const limits = [
    (fieldOf("budget_mb") ?? Number.POSITIVE_INFINITY) * 1e6,
    pricePerGb === undefined ? Number.POSITIVE_INFINITY : bytesFor(fieldOf("budget_money"), pricePerGb),
  ];
  const budgetBytes = Math.min(...limits);
  return {
    id: text("party") as string,
    examples: fieldOf("examples") ?? labels?.reduce((sum, count) => sum + count, 0) ?? 1,
    ...(labels && { labels }),
    link: {
      up: required("up_mbit") * MBIT,
      down: required("down_mbit") * MBIT,
      latency: required("latency_ms") / 1000,
      pace: fieldOf("steps_per_second") ?? 1 / required("seconds_per_step"),
    },
    ...(budgetBytes < Number.POSITIVE_INFINITY && { budgetBytes }),
    ...(pricePerGb !== undefined && { pricePerGb }),
  };
}

function bytesFor(money: number | undefined, pricePerGb: number): number {
  return money === undefined || pricePerGb === 0 ? Number.POSITIVE_INFINITY : (money / pricePerGb) * 1e9;
}
