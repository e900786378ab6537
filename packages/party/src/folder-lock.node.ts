import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { ConcordError } from "@concord/protocol";

const FILE = "party.lock";
/** A process that was told to end may need a moment: whoever starts the next one does not wait for that. */
const PATIENCE_MS = 5_000;
const EVERY_MS = 100;
const SQLITE_BUSY = 5;

/**
 * Locks the folder of a party, so that no second process is the same party: each would spoil the other's leases and
 * private state. Resolves to what unlocks it. Throws ConcordError `failed_precondition` if another holds it.
 *
 * Node offers no file locks, but SQLite takes one of the operating system, which goes with the process however that dies:
 * no lock is left behind that somebody would have to recognise as stale.
 */
export async function lockFolder(folder: string, patienceMs = PATIENCE_MS): Promise<() => void> {
  const path = join(folder, FILE);
  closeSync(openSync(path, "a", 0o600));
  for (let waited = 0; ; waited += EVERY_MS) {
    const unlock = tryLock(path);
    if (unlock !== undefined) return unlock;
    if (waited >= patienceMs) {
      const message = `another process is the party of ${folder}: stop that one, or take another folder for another party`;
      throw new ConcordError("failed_precondition", message, { param: "dir" });
    }
    await sleep(EVERY_MS);
  }
}

/** Undefined while another has the lock. */
function tryLock(path: string): (() => void) | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    const busy = error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
    if (busy) return undefined;
    // A file system without locks: the guard is against a mistake, and no reason to keep a party from its work.
    return () => {};
  }
  return () => {
    if (database.isOpen) database.close();
  };
}
