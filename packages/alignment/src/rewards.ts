import { AlignmentError } from "./alignment-error.ts";

/** A name for each sample, written once and referred to by number. */
export interface Labels {
  readonly names: readonly string[];
  /** For each of the n samples its place in `names`. */
  readonly of: Int32Array;
}

/**
 * The rewards r_i(x_j, y_j) of n sampled answers under m values, as the base model gives them: raw, in any unit.
 */
export interface Rewards {
  /** The m names, all different. */
  readonly values: readonly string[];
  /** How many samples there are. */
  readonly n: number;
  /** n × m numbers, a row for each sample. */
  readonly data: Float64Array;
  /** Which prompt each sample answers. Without it every sample is an answer to a prompt of its own. */
  readonly prompts?: Labels;
  /** Which group of prompts each sample belongs to (a language, a customer segment). */
  readonly groups?: Labels;
}

/**
 * Rewards from rows or from a flat n × m array, checked: names are there and differ, numbers are finite, and all
 * answers to one prompt are in the same group.
 * Throws AlignmentError naming the value and the row (from 1).
 */
export function makeRewards(
  values: readonly string[],
  rows: Float64Array | readonly (readonly number[])[],
  labels: { readonly prompts?: Labels | undefined; readonly groups?: Labels | undefined } = {},
): Rewards {
  const m = values.length;
  if (m === 0) throw new AlignmentError("there are no values: give at least one column of rewards");
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined)
    throw new AlignmentError(`the value "${twice}" is there twice; each needs a name of its own`);
  if (values.includes("__proto__")) throw new AlignmentError('a value cannot be called "__proto__"');
  if (values.includes("")) throw new AlignmentError("a value has an empty name");
  const data = rows instanceof Float64Array ? rows : flat(rows, m);
  const n = data.length / m;
  if (!Number.isInteger(n)) {
    throw new AlignmentError(`${data.length} numbers are no whole number of rows of ${m} values`);
  }
  if (n === 0) throw new AlignmentError("there are no samples: the rewards have no rows");
  const bad = data.findIndex((reward) => !Number.isFinite(reward));
  if (bad >= 0) {
    throw new AlignmentError(
      `row ${Math.floor(bad / m) + 1} has ${data[bad]} for "${values[bad % m]}"; every reward must be a finite number`,
    );
  }
  const { prompts, groups } = labels;
  if (prompts) checkLabels(prompts, n, "prompt");
  if (groups) checkLabels(groups, n, "group");
  if (prompts && groups) checkGroups(prompts, groups);
  return { values, n, data, ...(prompts && { prompts }), ...(groups && { groups }) };
}

/** Gives each different name a number, in order of appearance. */
export function labels(names: Iterable<string | number>): Labels {
  const numbers = new Map<string, number>();
  const of: number[] = [];
  for (const name of names) {
    const text = String(name);
    let number = numbers.get(text);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(text, number);
    }
    of.push(number);
  }
  return { names: [...numbers.keys()], of: Int32Array.from(of) };
}

/** The column of a value. Throws AlignmentError that lists the values there are. */
export function columnOf(rewards: Rewards, value: string): number {
  const column = rewards.values.indexOf(value);
  if (column < 0) {
    throw new AlignmentError(`there is no value "${value}"; the rewards have ${rewards.values.join(", ")}`);
  }
  return column;
}

/** The n rewards of one value, copied. */
export function column(rewards: Rewards, at: number): Float64Array<ArrayBuffer> {
  const m = rewards.values.length;
  const copy = new Float64Array(rewards.n);
  for (let j = 0; j < rewards.n; j++) copy[j] = rewards.data[j * m + at] as number;
  return copy;
}

function flat(rows: readonly (readonly number[])[], m: number): Float64Array {
  const data = new Float64Array(rows.length * m);
  rows.forEach((row, j) => {
    if (row.length !== m) throw new AlignmentError(`row ${j + 1} has ${row.length} numbers for ${m} values`);
    data.set(row, j * m);
  });
  return data;
}

function checkLabels({ names, of }: Labels, n: number, what: string): void {
  if (of.length !== n) throw new AlignmentError(`there are ${of.length} ${what}s for ${n} samples`);
  const bad = of.findIndex((label) => label < 0 || label >= names.length);
  if (bad >= 0) throw new AlignmentError(`sample ${bad + 1} has ${what} number ${of[bad]} of ${names.length}`);
}

function checkGroups(prompts: Labels, groups: Labels): void {
  const seen = new Int32Array(prompts.names.length).fill(-1);
  prompts.of.forEach((prompt, j) => {
    const group = groups.of[j] as number;
    if (seen[prompt] === -1) seen[prompt] = group;
    else if (seen[prompt] !== group) {
      const [a, b] = [groups.names[seen[prompt] as number], groups.names[group]];
      throw new AlignmentError(`prompt ${prompts.names[prompt]} is in the groups "${a}" and "${b}"; it can be in one`);
    }
  });
}
