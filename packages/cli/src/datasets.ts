import { key } from "@concord/engine";
import type { Dataset } from "@concord/learning";
import { handwriting } from "@concord/learning";
import { loadDataset, locateDataset } from "@concord/learning/node";
import { InputError } from "./output.ts";

/** The generated digits of `concord start` and of experiments that name `handwriting`. */
const HANDWRITING = { writers: 40, digitsPerWriter: 250 } as const;
/** Other writers than those one trains on. */
const HANDWRITING_TEST = { writers: 10, digitsPerWriter: 200, firstWriter: 1_000 } as const;

/** A data set to train on, by the name that `concord data list` shows. Throws InputError where it is not there. */
export async function loadTrain(name: string): Promise<Dataset> {
  if (name === "handwriting") return handwriting({ key: key("handwriting"), ...HANDWRITING });
  return await asInput(() => loadDataset(name, { part: "train" }));
}

/** The test part of a data set. Throws InputError where it has none or is not there. */
export async function loadTest(name: string): Promise<Dataset> {
  if (name === "handwriting") return handwriting({ key: key("handwriting"), ...HANDWRITING_TEST });
  return await asInput(() => loadDataset(name, { part: "test" }));
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

async function asInput<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
