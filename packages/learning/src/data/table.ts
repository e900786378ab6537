import { tensor } from "@concord/engine";
import { z } from "zod";
import type { CsvRecord } from "./csv.ts";
import { parseCsv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { dataset } from "./dataset.ts";

const columnName = z.string().min(1);

/** What a column of a table is to a model. */
export const columnSpecSchema = z.discriminatedUnion("kind", [
  /**
   * A number, standardised to mean 0 and deviation 1. A missing one becomes the mean (0), and `indicator` adds a feature
   * that is 1 where it was missing. `mean` and `deviation` fix the statistics instead of taking them from the data.
   */
  z.strictObject({
    kind: z.literal("numeric"),
    name: columnName,
    indicator: z.boolean().optional(),
    missing: z.array(z.string()).optional(),
    mean: z.number().optional(),
    deviation: z.number().positive().optional(),
  }),
  /** One of the levels: one feature for each, 1 for the one that it is. A missing one is 0 in all of them. */
  z.strictObject({
    kind: z.literal("categorical"),
    name: columnName,
    levels: z.array(z.string()).min(1),
    missing: z.array(z.string()).optional(),
  }),
  /** The class to learn: classes[i] lists the values that mean class i. */
  z.strictObject({
    kind: z.literal("label"),
    name: columnName,
    classes: z.array(z.strictObject({ name: z.string(), values: z.array(z.string()).min(1) })).min(2),
  }),
  /** The number to learn in a regression, as it stands. */
  z.strictObject({ kind: z.literal("target"), name: columnName }),
  z.strictObject({ kind: z.literal("ignored"), name: columnName }),
]);
export type ColumnSpec = z.infer<typeof columnSpecSchema>;

/** How a text table becomes a data set. Columns stand in the order of the file. */
export const tableSpecSchema = z.strictObject({
  name: z.string().min(1),
  columns: z.array(columnSpecSchema).min(2),
  /** Values that mean "not known" in every column, besides the empty field. */
  missing: z.array(z.string()).optional(),
  /** True if the first record names the columns; the names are then checked against the schema. */
  header: z.boolean().optional(),
  separator: z.string().optional(),
  comment: z.string().optional(),
});
export type TableSpec = z.infer<typeof tableSpecSchema>;

/** Mean and deviation of the known values of each numeric column, by name. */
export type TableStatistics = Readonly<Record<string, { readonly mean: number; readonly deviation: number }>>;

/** Records of a table whose fields have been checked against the schema; NaN stands for what is missing. */
export interface CheckedTable {
  readonly spec: TableSpec;
  /** For each column and record: a number, the index of a level or class, or NaN; [columns][records]. */
  readonly values: readonly Float64Array[];
  readonly size: number;
}

/**
 * Reads a table and checks every field.
 * Throws SyntaxError that names line, column and value, and says what would be right.
 */
export function readTable(text: string, spec: TableSpec, source = spec.name): CheckedTable {
  checkColumns(spec);
  const records = parseCsv(text, spec, source);
  if (spec.header) checkHeader(records.shift(), spec, source);
  const values = spec.columns.map(() => new Float64Array(records.length));
  const readers = spec.columns.map((column) => fieldReader(column, new Set(["", ...(spec.missing ?? [])])));
  for (const [row, record] of records.entries()) {
    if (record.fields.length !== spec.columns.length) {
      throw new SyntaxError(
        `${source}, line ${record.line}: ${record.fields.length} fields, expected ${spec.columns.length} (${spec.columns.map((c) => c.name).join(", ")})`,
      );
    }
    for (const [c, field] of record.fields.entries()) {
      try {
        (values[c] as Float64Array)[row] = (readers[c] as FieldReader)(field);
      } catch (cause) {
        const { name } = spec.columns[c] as ColumnSpec;
        throw new SyntaxError(`${source}, line ${record.line}, column "${name}": ${(cause as Error).message}`, {
          cause,
        });
      }
    }
  }
  return { spec, values, size: records.length };
}

/**
 * Means and deviations of the numeric columns, over the known values of one or several tables together. A column without
 * known values gets mean 0, one that never varies deviation 1.
 *
 * In a federation they must not be computed over everybody's rows, which no one may see: take constants that are known
 * beforehand (`mean` and `deviation` in the schema), or let each party use its own.
 */
export function tableStatistics(...tables: readonly CheckedTable[]): TableStatistics {
  const [first] = tables;
  if (!first) throw new RangeError("statistics need a table");
  return Object.fromEntries(
    first.spec.columns.flatMap((column, c) => {
      if (column.kind !== "numeric") return [];
      const known = tables.flatMap((table) =>
        Array.from(table.values[c] as Float64Array).filter((x) => !Number.isNaN(x)),
      );
      const mean = known.length > 0 ? known.reduce((sum, x) => sum + x, 0) / known.length : 0;
      const variance = known.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, known.length);
      const deviation = variance > 0 ? Math.sqrt(variance) : 1;
      return [[column.name, { mean: column.mean ?? mean, deviation: column.deviation ?? deviation }]];
    }),
  );
}

/** What each feature of `tableDataset` is, in order: `age`, `age missing`, `thal = 7`. */
export function featureNames(spec: TableSpec): string[] {
  return spec.columns.flatMap((column) => {
    if (column.kind === "numeric") return column.indicator ? [column.name, `${column.name} missing`] : [column.name];
    if (column.kind === "categorical") return column.levels.map((level) => `${column.name} = ${level}`);
    return [];
  });
}

/** The data set of a checked table: inputs [features] in the order of `featureNames`. */
export function tableDataset(table: CheckedTable, statistics: TableStatistics = tableStatistics(table)): Dataset {
  const { spec, values, size } = table;
  const width = featureNames(spec).length;
  const data = new Float32Array(size * width);
  let offset = 0;
  for (const [c, column] of spec.columns.entries()) {
    offset += writeFeatures(column, values[c] as Float64Array, statistics, data, width, offset);
  }

  const goal = spec.columns.findIndex((column) => column.kind === "label" || column.kind === "target");
  const column = spec.columns[goal];
  const outcome = values[goal] as Float64Array;
  const classNames = column?.kind === "label" ? column.classes.map((known) => known.name) : undefined;
  return dataset({
    name: spec.name,
    inputShape: [width],
    inputs: { kind: "float32", data },
    y: classNames
      ? tensor("int32", [size], Int32Array.from(outcome))
      : tensor("float32", [size], Float32Array.from(outcome)),
    classes: classNames?.length ?? 0,
    ...(classNames && { classNames }),
    generated: false,
  });
}

/** Writes the features of one column into every row; returns how many there are. */
function writeFeatures(
  column: ColumnSpec,
  values: Float64Array,
  statistics: TableStatistics,
  into: Float32Array,
  width: number,
  offset: number,
): number {
  if (column.kind === "numeric") {
    const known = statistics[column.name];
    if (!known) throw new RangeError(`there are no statistics for column "${column.name}"`);
    for (const [row, value] of values.entries()) {
      const missing = Number.isNaN(value);
      into[row * width + offset] = missing ? 0 : (value - known.mean) / known.deviation;
      if (column.indicator) into[row * width + offset + 1] = missing ? 1 : 0;
    }
    return column.indicator ? 2 : 1;
  }
  if (column.kind === "categorical") {
    for (const [row, level] of values.entries()) {
      if (!Number.isNaN(level)) into[row * width + offset + level] = 1;
    }
    return column.levels.length;
  }
  return 0;
}

type FieldReader = (field: string) => number;

function fieldReader(column: ColumnSpec, missingEverywhere: ReadonlySet<string>): FieldReader {
  const missing = (field: string, own: readonly string[] = []) => missingEverywhere.has(field) || own.includes(field);
  switch (column.kind) {
    case "numeric":
      return (field) => (missing(field, column.missing) ? Number.NaN : readNumber(field));
    case "categorical": {
      const index = new Map(column.levels.map((level, i) => [canonical(level), i]));
      return (field) => (missing(field, column.missing) ? Number.NaN : lookUp(index, field, column.levels));
    }
    case "label": {
      const index = new Map(
        column.classes.flatMap(({ values }, i) => values.map((value) => [canonical(value), i] as const)),
      );
      const known = column.classes.flatMap(({ values }) => values);
      return (field) => lookUp(index, field, known);
    }
    case "target":
      return (field) => {
        if (missing(field)) throw new SyntaxError("the number to learn is missing");
        return readNumber(field);
      };
    case "ignored":
      return () => Number.NaN;
  }
}

function readNumber(field: string): number {
  const value = Number(field);
  if (field === "" || !Number.isFinite(value)) throw new SyntaxError(`"${field}" is not a number`);
  return value;
}

function lookUp(index: ReadonlyMap<string, number>, field: string, known: readonly string[]): number {
  const found = index.get(canonical(field));
  if (found === undefined) throw new SyntaxError(`"${field}" is none of ${known.join(", ")}`);
  return found;
}

/** Codes that are numbers are the same however they are written: 3, 3.0 and 03. */
function canonical(value: string): string {
  const number = Number(value);
  return value.trim() !== "" && Number.isFinite(number) ? String(number) : value;
}

function checkColumns({ name, columns }: TableSpec): void {
  const goals = columns.filter((column) => column.kind === "label" || column.kind === "target");
  if (goals.length !== 1) {
    throw new RangeError(`schema "${name}" needs one column of kind "label" or "target", it has ${goals.length}`);
  }
  const twice = columns.find((column, i) => columns.findIndex((other) => other.name === column.name) !== i);
  if (twice) throw new RangeError(`schema "${name}" has two columns named "${twice.name}"`);
}

function checkHeader(header: CsvRecord | undefined, { columns }: TableSpec, source: string): void {
  if (!header) throw new SyntaxError(`${source} is empty; a header was expected`);
  for (const [i, { name }] of columns.entries()) {
    if (header.fields[i] !== name) {
      throw new SyntaxError(
        `${source}, line ${header.line}: column ${i + 1} is "${header.fields[i] ?? ""}", expected "${name}"`,
      );
    }
  }
}
