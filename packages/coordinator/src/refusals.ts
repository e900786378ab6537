import type { ConcordError, NewEvent } from "@concord/protocol";
import type { Context } from "./context.ts";
import { currentRound, hasEnded } from "./driver/live.ts";
import type { Federations } from "./federations.ts";

/** Writes refused updates and requests into the event log, so that an operator sees who tried what. */
export interface Refusals {
  /** Of a party that is known, or of somebody who named a federation. */
  note(federation: string, party: string | null, error: ConcordError): void;
  /** Of somebody unknown: it is written down in every federation that has not ended. */
  noteAnonymous(error: ConcordError): void;
}

/** The same refusal is written once in so long: a party in a loop must not fill the log. */
const REPEAT_MS = 30_000;
/** Strangers get fewer lines: one for each code. */
const REMEMBERED = 10_000;

export function refusals({ journal, clock, log }: Context, federations: Federations): Refusals {
  const written = new Map<string, number>();

  function isNew(name: string): boolean {
    const now = clock.now();
    const before = written.get(name);
    if (before !== undefined && now - before < REPEAT_MS) return false;
    written.delete(name);
    written.set(name, now);
    const oldest = written.keys().next().value;
    if (written.size > REMEMBERED && oldest !== undefined) written.delete(oldest);
    return true;
  }

  function write(federation: string, party: string | null, { code, message }: ConcordError): void {
    const driver = federations.find(federation);
    if (driver === undefined) return;
    const round = currentRound(driver.live);
    const reason = message.slice(0, 500);
    const event: NewEvent = {
      type: "update.refused",
      federation,
      party,
      round: round === 0 ? null : round,
      code,
      reason,
    };
    journal
      .commit((_, emit) => emit(event))
      .catch((error: unknown) => log.warn({ err: error, federation, party }, "a refusal could not be written down"));
  }

  return {
    note(federation, party, error) {
      // Hashes and sizes differ from one attempt to the next; the code and the beginning tell what it was.
      if (isNew(JSON.stringify([federation, party, error.code, error.message.slice(0, 40)]))) {
        write(federation, party, error);
      }
    },
    noteAnonymous(error) {
      for (const { live } of federations.list()) {
        const { id } = live.record;
        if (!hasEnded(live) && isNew(JSON.stringify([id, error.code]))) write(id, null, error);
      }
    },
  };
}
