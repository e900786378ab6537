import { ConcordError } from "@concord/protocol";
import type { Clock } from "../clock.ts";

/** Lets each address fail so many times a minute. It slows guessing down; secrets of 192 bits do the rest. */
export interface RateLimit {
  /** Throws ConcordError `resource_exhausted` if the address has failed too often. */
  check(address: string): void;
  failed(address: string): void;
}

const PER_MINUTE = 30;
const WINDOW_MS = 60_000;
/** Addresses that are remembered; beyond them the oldest is forgotten. */
const ADDRESSES = 10_000;

export function rateLimit(clock: Clock): RateLimit {
  const failures = new Map<string, { count: number; readonly since: number }>();
  const current = (address: string) => {
    const entry = failures.get(address);
    return entry !== undefined && clock.now() - entry.since < WINDOW_MS ? entry : undefined;
  };
  return {
    check(address) {
      const entry = current(address);
      if (entry === undefined || entry.count < PER_MINUTE) return;
      throw new ConcordError("resource_exhausted", "too many wrong invites or tokens from this address; wait a minute");
    },
    failed(address) {
      const entry = current(address);
      if (entry !== undefined) {
        entry.count++;
        return;
      }
      failures.delete(address);
      failures.set(address, { count: 1, since: clock.now() });
      const oldest = failures.keys().next().value;
      if (failures.size > ADDRESSES && oldest !== undefined) failures.delete(oldest);
    },
  };
}
