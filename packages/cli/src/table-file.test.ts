import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatherAll } from "@concord/learning";
import { afterEach, beforeEach, expect, test } from "vitest";
import { InputError } from "./output.ts";
import { loadTable } from "./table-file.ts";

const SCHEMA = `
name: patients
header: true
missing: ["?"]
columns:
  - { name: age, kind: numeric, mean: 50, deviation: 10 }
  - { name: sex, kind: categorical, levels: [female, male] }
  - { name: disease, kind: label, classes: [{ name: healthy, values: ["no"] }, { name: ill, values: ["yes"] }] }
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "concord-table-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a table becomes examples by its schema", async () => {
  const patients = await load("age,sex,disease\n70,male,yes\n?,female,no\n", SCHEMA);
  const { x, y } = gatherAll(patients);
  expect(x.shape).toEqual([2, 3]);
  expect([...x.data]).toEqual([2, 0, 1, 0, 1, 0]);
  expect([...y.data]).toEqual([1, 0]);
});

test.each([
  ["a value that is no number", "age,sex,disease\nold,male,yes\n", SCHEMA, /line 2, column "age".*old/],
  ["a level that is not in the schema", "age,sex,disease\n70,other,yes\n", SCHEMA, /line 2, column "sex".*other/],
  ["another header", "years,sex,disease\n70,male,yes\n", SCHEMA, /years/],
  ["a schema without columns", "a\n", "name: patients\n", /schema\.yaml: columns/],
  ["a schema that is no YAML", "a\n", "{", /./],
])("%s is refused by name", async (_, csv, schema, message) => {
  const refusal = load(csv, schema);
  await expect(refusal).rejects.toThrow(InputError);
  await expect(refusal).rejects.toThrow(message);
});

test("a file that is not there is refused by name", async () => {
  await expect(loadTable(join(folder, "none.csv"), join(folder, "none.yaml"))).rejects.toThrow(/none\.yaml/);
});

async function load(csv: string, schema: string) {
  const [table, columns] = [join(folder, "table.csv"), join(folder, "schema.yaml")];
  await writeFile(table, csv);
  await writeFile(columns, schema);
  return await loadTable(table, columns);
}
