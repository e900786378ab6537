import type { ConcordEvent } from "@concord/protocol";
import type { Context } from "./context.ts";

const PAGE = 500;

/**
 * The events of a federation after a sequence number: first those in the store, then those that happen, none left out and
 * none twice. Ends when the signal is aborted.
 */
export async function* eventsFrom(
  { journal, feed }: Context,
  federation: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<ConcordEvent, void> {
  // Subscribed before the store is read: what happens in between is in both, and the number tells.
  let arrived: ConcordEvent[] = [];
  let ring = () => {};
  const unsubscribe = feed.subscribe((event) => {
    if (event.federation !== federation) return;
    arrived.push(event);
    ring();
  });
  const onAbort = () => ring();
  signal.addEventListener("abort", onAbort);
  try {
    let last = after;
    for (;;) {
      const page = await journal.read((tx) => tx.events.list(federation, { after: last, limit: PAGE }));
      for (const event of page) {
        if (signal.aborted) return;
        last = event.seq;
        yield event;
      }
      if (page.length < PAGE) break;
    }
    while (!signal.aborted) {
      if (arrived.length === 0) await new Promise<void>((resolve) => (ring = resolve));
      const batch = arrived;
      arrived = [];
      for (const event of batch) {
        if (event.seq <= last) continue;
        if (signal.aborted) return;
        last = event.seq;
        yield event;
      }
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", onAbort);
  }
}
