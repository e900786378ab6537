import type { Dataset } from "./dataset.ts";
import { dataset } from "./dataset.ts";
import type { CheckedTable, TableSpec } from "./table.ts";
import { readTable, tableDataset, tableStatistics } from "./table.ts";

/** The four hospitals of the study, in the order of their groups. */
export const HOSPITALS = ["Cleveland", "Hungary", "Switzerland", "VA Long Beach"] as const;
export type Hospital = (typeof HOSPITALS)[number];

/** Text of one hospital's file. */
export interface HospitalFile {
  readonly hospital: Hospital;
  readonly source: string;
  readonly text: string;
}

/**
 * The 14 columns that all four files share. Label: 0 no disease, 1 disease (num 1 … 4: a vessel narrowed by more than
 * half). What is unknown is written `?`, in the reprocessed Hungarian file `-9`. A cholesterol or blood pressure of 0
 * cannot be in a living patient: it stands for "not measured" too (all of Switzerland's cholesterols are 0).
 */
export const HEART_DISEASE: TableSpec = {
  name: "heart-disease",
  missing: ["?", "-9", "-9.0"],
  columns: [
    { kind: "numeric", name: "age" },
    { kind: "categorical", name: "sex", levels: ["0", "1"] },
    { kind: "categorical", name: "cp", levels: ["1", "2", "3", "4"] },
    { kind: "numeric", name: "trestbps", indicator: true, missing: ["0"] },
    { kind: "numeric", name: "chol", indicator: true, missing: ["0"] },
    { kind: "categorical", name: "fbs", levels: ["0", "1"] },
    { kind: "categorical", name: "restecg", levels: ["0", "1", "2"] },
    { kind: "numeric", name: "thalach", indicator: true },
    { kind: "categorical", name: "exang", levels: ["0", "1"] },
    { kind: "numeric", name: "oldpeak", indicator: true },
    { kind: "categorical", name: "slope", levels: ["1", "2", "3"] },
    // One Hungarian patient has 9 vessels of 3: a code for "unknown".
    { kind: "numeric", name: "ca", indicator: true, missing: ["9"] },
    { kind: "categorical", name: "thal", levels: ["3", "6", "7"] },
    {
      kind: "label",
      name: "num",
      classes: [
        { name: "no disease", values: ["0"] },
        { name: "disease", values: ["1", "2", "3", "4"] },
      ],
    },
  ],
};

/**
 * Heart disease in the patients of the given hospitals (UCI; Detrano et al. 1989): a federation that grew by itself.
 * Groups are the hospitals, numbered as in `HOSPITALS` whichever of them are given.
 *
 * Numbers are standardised with the statistics of the rows that are given, together ("pooled") or hospital by hospital
 * ("own"). A hospital that joins a real federation has its own file only, and then both are the same.
 * Throws SyntaxError with file, line, column and value.
 */
export function heartDisease(files: readonly HospitalFile[], standardise: "pooled" | "own" = "pooled"): Dataset {
  if (files.length === 0) throw new RangeError("name at least one hospital");
  const tables = files.map(({ text, source }) =>
    readTable(text, { ...HEART_DISEASE, separator: separatorOf(text) }, source),
  );
  const statistics = standardise === "pooled" ? tableStatistics(...tables) : undefined;
  const parts = tables.map((table) => tableDataset(table, statistics ?? tableStatistics(table)));
  return concatenate(
    parts,
    files.map(({ hospital }) => HOSPITALS.indexOf(hospital)),
    tables,
  );
}

/** Three files separate by commas; the reprocessed Hungarian one by blanks. */
function separatorOf(text: string): "," | "space" {
  return text.slice(0, text.indexOf("\n")).includes(",") ? "," : "space";
}

function concatenate(parts: readonly Dataset[], groups: readonly number[], tables: readonly CheckedTable[]): Dataset {
  const [first] = parts as [Dataset];
  const size = tables.reduce((sum, table) => sum + table.size, 0);
  const x = new Float32Array(size * (first.inputShape[0] as number));
  const y = new Int32Array(size);
  const group = new Int32Array(size);
  let row = 0;
  for (const [i, part] of parts.entries()) {
    x.set(part.inputs.data, row * (first.inputShape[0] as number));
    y.set(part.y.data, row);
    group.fill(groups[i] as number, row, row + part.size);
    row += part.size;
  }
  return dataset({
    ...first,
    inputs: { kind: "float32", data: x },
    y: { dtype: "int32", shape: [size], data: y },
    groups: group,
    groupNames: HOSPITALS,
  });
}
