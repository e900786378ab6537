import { ConcordError, type ErrorCode } from "@concord/protocol";
import { dangling } from "./refusals.ts";

/** SQLite's primary result codes (https://sqlite.org/rescode.html) that say something to an operator. */
const RESULT = {
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  NOTADB: 26,
} as const;

/** The extended code of a violated foreign key. */
const CONSTRAINT_FOREIGNKEY = 787;

/**
 * What SQLite threw as a ConcordError that says which file is meant and what to do about it.
 * Anything that is not SQLite's, and anything unforeseen, is returned as it is.
 */
export function sqliteError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return error;
  const say = (code: ErrorCode, message: string) => new ConcordError(code, message, { cause: error });

  if (error.errcode === CONSTRAINT_FOREIGNKEY) return dangling(error);
  switch (error.errcode & 0xff) {
    case RESULT.FULL:
      return say(
        "resource_exhausted",
        `there is no room left to write ${file}; the transaction was undone as a whole, nothing of it was half-written: ` +
          "free some space and repeat",
      );
    case RESULT.CORRUPT:
    case RESULT.NOTADB:
      return say(
        "internal",
        `the store ${file} is damaged or no store (${error.message}): move it away and put a backup in its place`,
      );
    case RESULT.BUSY:
    case RESULT.LOCKED:
      return say(
        "failed_precondition",
        `the store ${file} is in use by another coordinator: stop that one, or choose another folder`,
      );
    case RESULT.READONLY:
      return say("permission_denied", `the store ${file} cannot be written (${error.message}): check who owns it`);
    case RESULT.CANTOPEN:
      return say(
        "permission_denied",
        `the store ${file} cannot be opened: it must be a file, and you must be allowed to write it and its folder`,
      );
    case RESULT.IOERR:
      return say(
        "unavailable",
        `the disk under ${file} failed (${error.message}); the transaction was undone as a whole`,
      );
    default:
      return error;
  }
}
