import { AlignmentError } from "../alignment-error.ts";
import { columnBuilder } from "./csv.ts";
import type { ColumnRoles, ReadRewards } from "./table.ts";
import { keepsTexts, rewardsFromColumns } from "./table.ts";

/**
 * Rewards from JSON: a list of objects, one for each answer (`[{ "prompt_id": 0, "humor": 2.5 }, …]`, or with the rewards
 * in an object `rewards`), or an object of columns (`{ "humor": [2.5, …], … }`). Throws AlignmentError.
 */
export function rewardsFromJson(text: string, roles: ColumnRoles = {}): ReadRewards {
  const value = parse(text, "the input");
  if (Array.isArray(value)) return fromRecords(value, roles, (i) => `entry ${i + 1}`);
  if (isObject(value) && Object.values(value).some(Array.isArray)) return fromColumns(value, roles);
  throw new AlignmentError("the JSON must be a list of objects, one for each answer, or an object of columns");
}

/** Rewards from JSON Lines: an object for each answer. Empty lines are skipped. Throws AlignmentError with the line. */
export function rewardsFromJsonl(text: string, roles: ColumnRoles = {}): ReadRewards {
  const lines: number[] = [];
  const records: unknown[] = [];
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    lines.push(i + 1);
    records.push(parse(line, `line ${i + 1}`));
  });
  return fromRecords(records, roles, (i) => `line ${lines[i]}`);
}

function fromRecords(records: readonly unknown[], roles: ColumnRoles, where: (i: number) => string): ReadRewards {
  const builders = new Map<string, ReturnType<typeof columnBuilder>>();
  records.forEach((record, i) => {
    if (!isObject(record)) throw new AlignmentError(`${where(i)} is no object of rewards`);
    const fields = isObject(record.rewards) ? { ...record, ...record.rewards, rewards: null } : record;
    if (i === 0) {
      for (const name of Object.keys(fields)) {
        if (name !== "rewards") builders.set(name, columnBuilder(name, keepsTexts(name, roles)));
      }
    }
    for (const [name, builder] of builders) builder.add(fieldOf(fields[name]));
    const extra = Object.keys(fields).find((name) => name !== "rewards" && !builders.has(name));
    if (extra !== undefined)
      throw new AlignmentError(`${where(i)} has "${extra}", which the first entry does not have`);
  });
  return rewardsFromColumns(
    [...builders.values()].map((builder) => builder.done()),
    records.length,
    roles,
  );
}

function fromColumns(columns: Readonly<Record<string, unknown>>, roles: ColumnRoles): ReadRewards {
  let rows: number | undefined;
  const built = Object.entries(columns).map(([name, entries]) => {
    if (!Array.isArray(entries)) throw new AlignmentError(`"${name}" must be a list, as the other columns are`);
    rows ??= entries.length;
    if (entries.length !== rows)
      throw new AlignmentError(`"${name}" has ${entries.length} entries, another column ${rows}`);
    const builder = columnBuilder(name, keepsTexts(name, roles));
    for (const entry of entries) builder.add(fieldOf(entry));
    return builder.done();
  });
  return rewardsFromColumns(built, rows ?? 0, roles);
}

/** Numbers stay numbers; what is no number and no text becomes a text that is no number either. */
function fieldOf(value: unknown): string | number {
  if (typeof value === "number" || typeof value === "string") return value;
  return value === undefined ? "(missing)" : (JSON.stringify(value) ?? "(missing)").replace(/^(true|false)$/, "($1)");
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AlignmentError(`${what} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
