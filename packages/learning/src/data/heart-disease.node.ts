import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "./dataset.ts";
import type { Hospital } from "./heart-disease.ts";
import { HOSPITALS, heartDisease } from "./heart-disease.ts";

/** The names under which UCI offers each file; the first that is there is read. */
const FILES: Readonly<Record<Hospital, readonly string[]>> = {
  Cleveland: ["processed.cleveland.data"],
  Hungary: ["reprocessed.hungarian.data", "processed.hungarian.data"],
  Switzerland: ["processed.switzerland.data"],
  "VA Long Beach": ["processed.va.data"],
};

export interface HeartDiseaseOptions {
  /** Default: all four. */
  readonly hospitals?: readonly Hospital[] | undefined;
  readonly standardise?: "pooled" | "own" | undefined;
}

/** `heartDisease` from a folder with UCI's files. Throws Error where a file is missing, SyntaxError where one is wrong. */
export async function loadHeartDiseaseFolder(folder: string, options: HeartDiseaseOptions = {}): Promise<Dataset> {
  const hospitals = options.hospitals ?? HOSPITALS;
  const files = await Promise.all(
    hospitals.map(async (hospital) => ({ hospital, ...(await readFirst(folder, FILES[hospital])) })),
  );
  return heartDisease(files, options.standardise);
}

async function readFirst(folder: string, names: readonly string[]): Promise<{ source: string; text: string }> {
  for (const name of names) {
    const source = join(folder, name);
    try {
      return { source, text: await readFile(source, "utf8") };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    }
  }
  throw new Error(`${folder} holds no ${names.join(" and no ")}`);
}
