import { readFile } from "node:fs/promises";
import type { Dataset } from "./dataset.ts";
import type { TableSpec, TableStatistics } from "./table.ts";
import { readTable, tableDataset } from "./table.ts";

/** A user's own table: reads a text file by a schema. Throws the error of the file system, or SyntaxError. */
export async function loadTableFile(path: string, spec: TableSpec, statistics?: TableStatistics): Promise<Dataset> {
  return tableDataset(readTable(await readFile(path, "utf8"), spec, path), statistics);
}
