import { mkdir } from "node:fs/promises";
import { InputError } from "./output.ts";

/**
 * Makes a folder that the user has named with an option, and those that hold it, where there is none. Throws InputError
 * for a place that cannot be a folder; a full disk is no fault of the place.
 */
export async function makeFolder(
  path: string,
  option: string,
  make: (path: string) => Promise<unknown> = (path) => mkdir(path, { recursive: true }),
): Promise<void> {
  try {
    await make(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT") throw error;
    const why = code === "EEXIST" || code === "ENOTDIR" ? "a file is in its place" : String(code ?? error);
    throw new InputError(`${option}: the folder ${path} cannot be used: ${why}`, { cause: error });
  }
}
