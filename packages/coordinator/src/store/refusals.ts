import { ConcordError } from "@concord/protocol";

/** What every store says when a record breaks a rule of the contract. */
export function taken(what: string): ConcordError {
  return new ConcordError("failed_precondition", `${what} exists already`);
}

export function missing(what: string): ConcordError {
  return new ConcordError("not_found", `there is no ${what}`);
}

export function dangling(cause?: unknown): ConcordError {
  const message = "the record belongs to a federation or a round that does not exist";
  return new ConcordError("failed_precondition", message, { cause });
}

export function ended(): ConcordError {
  return new ConcordError("internal", "a transaction was used after its end: await each of its calls inside it");
}

export function closed(): ConcordError {
  return new ConcordError("unavailable", "the store is closed");
}
