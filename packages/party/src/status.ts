import type { ErrorCode } from "@concord/protocol";

/** What a party does. The last four are final. */
export type Activity =
  | { readonly kind: "connecting" }
  /** Nothing to do at the moment, or a segment was given up; the reason says which. */
  | { readonly kind: "waiting"; readonly reason: string }
  /** Local steps `from` … `to` − 1 of the `steps` of the round, counted from 0. */
  | {
      readonly kind: "training";
      readonly round: number;
      readonly segment: number;
      readonly from: number;
      readonly to: number;
      readonly steps: number;
    }
  | { readonly kind: "evaluating"; readonly round: number }
  | { readonly kind: "paused" }
  /** The coordinator does not answer; the party keeps trying. */
  | { readonly kind: "offline"; readonly reason: string; readonly retryInSeconds: number }
  | { readonly kind: "finished"; readonly reason: string }
  | { readonly kind: "left" }
  /** Its owner stopped it; it may go on later. */
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly reason: string };

/** What a party has done since it was started. */
export interface Totals {
  /** Bytes of message bodies sent and received. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Updates that the coordinator accepted. */
  readonly updates: number;
  /** Mean training loss of the last segment; undefined before the first. */
  readonly loss: number | undefined;
}

/** A moment in the life of a party. It survives structured cloning, so that a worker can send it to its page. */
export type Status = Activity & Totals;

/** The latest status and those that follow. */
export interface StatusFeed extends AsyncIterable<Status> {
  readonly current: Status;
  show(status: Status): void;
}

/**
 * A status that can be followed. An iterator begins with the current status and ends after a final one; a reader that is
 * slower than the party misses what lies between, never the latest.
 */
export function statusFeed(first: Status, onStatus?: (status: Status) => void): StatusFeed {
  let current = first;
  let changed = Promise.withResolvers<void>();
  return {
    get current() {
      return current;
    },
    show(status) {
      current = status;
      changed.resolve();
      changed = Promise.withResolvers();
      onStatus?.(status);
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const [status, next] = [current, changed.promise];
        yield status;
        if (isFinal(status)) return;
        await next;
      }
    },
  };
}

export function isFinal({ kind }: Activity): boolean {
  return kind === "finished" || kind === "left" || kind === "stopped" || kind === "failed";
}
