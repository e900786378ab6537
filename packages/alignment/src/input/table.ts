import { AlignmentError } from "../alignment-error.ts";
import type { Rewards } from "../rewards.ts";
import { labels, makeRewards } from "../rewards.ts";

/** Which columns are not values. */
export interface ColumnRoles {
  /** The prompt of each answer. Default `prompt_id`, where there is such a column. */
  readonly promptColumn?: string | undefined;
  /** The group of each prompt. Default none. */
  readonly groupColumn?: string | undefined;
  /** Take these columns as values and ignore the others. Default: every column of numbers. */
  readonly values?: readonly string[] | undefined;
  /** Columns that may hold prompts or answers, to be handed on where they hold texts. Default none. */
  readonly texts?: readonly string[] | undefined;
}

export interface ReadRewards {
  readonly rewards: Rewards;
  /** What was left out, in words. */
  readonly notes: readonly string[];
  /** The columns of text that were asked for and are there, a text for each sample. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
}

/** This column is never a value, whatever the prompt column is called. */
const PROMPT_COLUMN = "prompt_id";

/** A column of a file while it is read: numbers, or the texts of a column that has none. */
export interface TableColumn {
  readonly name: string;
  /** NaN where the text is no number. */
  readonly numbers: Float64Array;
  /** Only of the columns that hold labels or texts that are asked for. */
  readonly texts?: readonly string[];
  /** The first entry that is no finite number: its row (from 1) and its text. */
  readonly bad?: { readonly row: number; readonly text: string };
  /** How many entries are no finite numbers. */
  readonly badCount: number;
}

/** True for columns that say which prompt or group an answer belongs to. */
function isLabel(name: string, { promptColumn, groupColumn }: ColumnRoles): boolean {
  return name === PROMPT_COLUMN || name === promptColumn || name === groupColumn;
}

/** True for columns whose texts are kept while they are read. */
export function keepsTexts(name: string, roles: ColumnRoles): boolean {
  return isLabel(name, roles) || (roles.texts?.includes(name) ?? false);
}

/**
 * Rewards from columns. A column without a single number (an answer's text) is left out with a note; one with numbers
 * and gaps is left out with a note as well, unless `values` names it: then it is refused.
 * Throws AlignmentError.
 */
export function rewardsFromColumns(columns: readonly TableColumn[], rows: number, roles: ColumnRoles): ReadRewards {
  const { promptColumn, groupColumn } = roles;
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new AlignmentError(`the column "${twice}" is there twice`);
  for (const [what, name] of [["prompt", promptColumn] as const, ["group", groupColumn] as const]) {
    if (name !== undefined && !names.includes(name)) {
      throw new AlignmentError(`there is no ${what} column "${name}"; the columns are ${names.join(", ")}`);
    }
  }
  if (rows === 0) throw new AlignmentError("there are no samples: the input has no rows of rewards");
  const notes: string[] = [];
  const texts = columns.filter(
    ({ name, badCount }) => !isLabel(name, roles) && keepsTexts(name, roles) && badCount > 0,
  );
  const kept = columns.filter(
    (column) => !isLabel(column.name, roles) && !texts.includes(column) && keep(column, rows, roles, notes),
  );
  for (const wanted of roles.values ?? []) {
    if (!kept.some(({ name }) => name === wanted)) {
      throw new AlignmentError(`there is no value "${wanted}"; the columns are ${names.join(", ")}`);
    }
  }
  const m = kept.length;
  if (m === 0)
    throw new AlignmentError(`no column holds rewards: ${notes.join("; ") || `there are ${names.join(", ")}`}`);
  const data = new Float64Array(rows * m);
  kept.forEach(({ numbers }, i) => {
    for (let j = 0; j < rows; j++) data[j * m + i] = numbers[j] as number;
  });
  const prompts = columns.find(({ name }) => name === (promptColumn ?? PROMPT_COLUMN))?.texts;
  const groups = columns.find(({ name }) => name === groupColumn)?.texts;
  const rewards = makeRewards(
    kept.map(({ name }) => name),
    data,
    { prompts: prompts && labels(prompts), groups: groups && labels(groups) },
  );
  return { rewards, notes, texts: Object.fromEntries(texts.map(({ name, texts }) => [name, texts ?? []])) };
}

function keep({ name, bad, badCount }: TableColumn, rows: number, { values }: ColumnRoles, notes: string[]): boolean {
  if (values !== undefined && !values.includes(name)) return false;
  if (bad === undefined) return true;
  if (badCount === rows && values === undefined) {
    notes.push(`the column "${name}" holds no numbers and is left out`);
    return false;
  }
  const what = `row ${bad.row} has "${bad.text}" for "${name}"`;
  const count = badCount > 1 ? ` (and ${badCount - 1} more rows like it)` : "";
  if (values === undefined) {
    notes.push(`${what}${count}, which is no finite number: the value is left out`);
    return false;
  }
  throw new AlignmentError(`${what}${count}; every reward must be a finite number. Take such rows out, or score them`);
}
