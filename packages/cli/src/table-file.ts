import { readFile } from "node:fs/promises";
import type { Dataset } from "@concord/learning";
import { tableSpecSchema } from "@concord/learning";
import { loadTableFile } from "@concord/learning/node";
import { fromZod } from "@concord/protocol";
import { parse } from "yaml";
import { asInput } from "./datasets.ts";
import { InputError } from "./output.ts";

/**
 * A party's own table: a CSV file and the YAML file that says what its columns are.
 * Throws InputError that names file, line, column and value.
 */
export async function loadTable(csv: string, schema: string): Promise<Dataset> {
  const text = await asInput(() => readFile(schema, "utf8"));
  const spec = tableSpecSchema.safeParse(await asInput(async () => parse(text)));
  if (!spec.success) throw new InputError(fromZod(spec.error, schema).message);
  return await asInput(() => loadTableFile(csv, spec.data));
}
