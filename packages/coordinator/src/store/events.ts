import { type ConcordEvent, eventSchema, type NewEvent } from "@concord/protocol";
import { checked } from "./records.ts";

/** How many events a list gives when it is not told how many. */
export const PAGE_OF_EVENTS = 1_000;

/** An event with its number and instant. Throws ConcordError `invalid_argument` if it is not one that a reader would accept. */
export function numbered(event: NewEvent, seq: number, at: number): ConcordEvent {
  return checked(eventSchema, { ...event, seq, time: new Date(at).toISOString() }, `event ${event.type}`);
}
