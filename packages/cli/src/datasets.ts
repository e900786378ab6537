import type { Dataset, Examples } from "@concord/learning";
import { implicitFeedback } from "@concord/learning";
import { isRatingsName, loadDataset, loadRatings, locateDataset } from "@concord/learning/node";
import { InputError } from "./output.ts";

/** Stars from which on a rating is a like, where a federation learns likes. */
export const LIKED_FROM = 3.5;

/** A data set to train on, by the name that `concord data list` shows. Throws InputError where it is not there. */
export function loadTrain(name: string): Promise<Dataset> {
  return asInput(() => loadDataset(name, { part: "train" }));
}

/** Labelled examples or ratings, by name. Throws InputError where they are not there. */
export function loadExamples(
  name: string,
  { feedback, likedFrom }: { readonly feedback: "explicit" | "implicit"; readonly likedFrom: number },
): Promise<Examples> {
  return asInput(async () => {
    if (!isRatingsName(name)) return await loadDataset(name, { part: "train" });
    const stars = await loadRatings(name);
    return feedback === "explicit" ? stars : implicitFeedback(stars, likedFrom);
  });
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
