import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { adult } from "./adult.ts";
import type { Dataset } from "./dataset.ts";

/** `adult` from a folder with `adult.data` and `adult.test`. Throws the error of the file system, or SyntaxError. */
export async function loadAdultFolder(folder: string, part: "train" | "test"): Promise<Dataset> {
  const read = (name: string) => readFile(join(folder, name), "utf8");
  return adult(await read("adult.data"), part === "test" ? await read("adult.test") : undefined);
}
