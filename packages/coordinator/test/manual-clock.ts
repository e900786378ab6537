import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../src/index.ts";

/** A clock that stands still until a test moves it. */
export function manualClock(start = Date.UTC(2030, 0, 1)): {
  readonly clock: Clock;
  /** Moves time on, timer by timer, and lets everything that they set off settle. */
  advance(milliseconds: number): Promise<void>;
  /** How many timers are set. */
  timers(): number;
} {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    timers: () => timers.size,
    clock: {
      now: () => now,
      after(milliseconds, callback) {
        const timer = { at: now + milliseconds, callback };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    async advance(milliseconds) {
      const until = now + milliseconds;
      for (;;) {
        await settle();
        const next = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = until;
      await settle();
    },
  };
}

/** Time for transactions of a store in memory, and for hashes, which are computed on another thread. */
async function settle(): Promise<void> {
  await sleep(15);
}
