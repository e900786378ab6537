import type { Clock } from "@concord/coordinator";

/** A clock that goes on only when it is told: so a deadline passes when a test says, however slow the machine. */
export function toldClock(): { readonly clock: Clock; advance(seconds: number): void } {
  let now = Date.now();
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    clock: {
      now: () => now,
      after(milliseconds, callback) {
        const timer = { at: now + milliseconds, callback };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    advance(seconds) {
      now += 1000 * seconds;
      for (const timer of [...timers].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)) {
        if (timers.delete(timer)) timer.callback();
      }
    },
  };
}
