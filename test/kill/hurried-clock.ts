import type { Clock } from "@concord/coordinator";

/**
 * The time of this machine, which can be told to hurry: so a deadline that is an hour away passes when a test says, and
 * never because the machine is slow.
 */
export function hurriedClock(): { readonly clock: Clock; advance(seconds: number): void } {
  let ahead = 0;
  const timers = new Map<() => void, number>();
  const now = () => Date.now() + ahead;
  return {
    clock: {
      now,
      after(milliseconds, callback) {
        const fire = () => {
          clearTimeout(timer);
          if (timers.delete(fire)) callback();
        };
        const timer = setTimeout(fire, milliseconds);
        timers.set(fire, now() + milliseconds);
        return () => {
          clearTimeout(timer);
          timers.delete(fire);
        };
      },
    },
    advance(seconds) {
      ahead += 1000 * seconds;
      const due = [...timers].filter(([, at]) => at <= now()).sort(([, a], [, b]) => a - b);
      for (const [fire] of due) fire();
    },
  };
}
