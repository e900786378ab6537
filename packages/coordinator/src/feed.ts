import type { ConcordEvent } from "@concord/protocol";

/** Live events, in the order of their numbers, to whoever listens. What was missed is in the store. */
export interface Feed {
  publish(events: readonly ConcordEvent[]): void;
  /** Returns what ends the subscription. */
  subscribe(listener: (event: ConcordEvent) => void): () => void;
}

export function eventFeed(onFailure: (error: unknown) => void): Feed {
  const listeners = new Set<(event: ConcordEvent) => void>();
  return {
    publish(events) {
      for (const event of events) {
        for (const listener of [...listeners]) {
          try {
            listener(event);
          } catch (error) {
            // One listener's fault must not keep the event from the others, nor from the round.
            onFailure(error);
          }
        }
      }
    },
    subscribe(listener) {
      // A fresh function, so that the same listener may subscribe twice and end each subscription on its own.
      const own = (event: ConcordEvent) => listener(event);
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
}
