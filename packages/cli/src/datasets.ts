import type { Dataset } from "@concord/learning";
import { loadDataset, locateDataset } from "@concord/learning/node";
import { InputError } from "./output.ts";

/** A data set to train on, by the name that `concord data list` shows. Throws InputError where it is not there. */
export function loadTrain(name: string): Promise<Dataset> {
  return asInput(() => loadDataset(name, { part: "train" }));
}

/** The test part of a data set. Throws InputError where it has none or is not there. */
export function loadTest(name: string): Promise<Dataset> {
  return asInput(() => loadDataset(name, { part: "test" }));
}

/** The name by which a data set is loaded, from the one that a federation states for the eyes of people. */
export function catalogNameOf(stated: string): string {
  return stated === "generated handwriting" ? "handwriting" : stated;
}

/** True if the files of a data set are on this machine. */
export async function isHere(name: string): Promise<boolean> {
  try {
    await locateDataset(name);
    return true;
  } catch {
    return false;
  }
}

/** Wrong names and missing or damaged files are the user's input; the message says which, and where they were named. */
export async function asInput<T>(load: () => T | Promise<T>, source?: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError(source === undefined ? why : `${source}: ${why}`, { cause: error });
  }
}
