import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "./log.ts";

/** A page that is there already is found at once; only one that has to be built takes longer. */
const PATIENCE_MS = 1_000;

/**
 * The folder of the page, undefined while there is none. A page that has to be built is built once, beside everything
 * else and from the first visit on: nobody may ever look at it.
 */
export function pageFolder(
  pageDir: string | (() => Promise<string | undefined>) | undefined,
  log: Log,
): () => Promise<string | undefined> {
  if (typeof pageDir !== "function") return async () => pageDir;
  let folder: string | undefined;
  let found: Promise<void> | undefined;
  return async () => {
    found ??= pageDir().then(
      (built) => {
        folder = built;
      },
      (error: unknown) => log.error({ err: error }, "the page could not be built"),
    );
    if (folder === undefined) await Promise.race([found, sleep(PATIENCE_MS)]);
    return folder;
  };
}
