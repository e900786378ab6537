import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { Clock } from "../src/index.ts";

/**
 * A clock that stands still until a test moves it. Between two timers it waits until the coordinator has done what the first
 * set off: so a test has the same course on a slow machine as on a fast one.
 */
export function manualClock(
  settled: () => Promise<void> | undefined,
  start = Date.UTC(2030, 0, 1),
): {
  readonly clock: Clock;
  /** Moves time on by so many seconds, timer by timer, and lets everything that they set off settle. */
  advance(seconds: number): Promise<void>;
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
    async advance(seconds) {
      const until = now + 1000 * seconds;
      for (;;) {
        await settled();
        const next = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
        // What is no command of a federation, such as a held request, goes on in its own turn.
        await turnOfTheLoop();
      }
      now = until;
      await settled();
    },
  };
}
