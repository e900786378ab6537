import type { Clock } from "../clock.ts";

/** Requests that wait for something to change. */
export interface Waiters {
  /** Resolves at the next change, after so many milliseconds, or when the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  wake(): void;
}

export function waiters(clock: Clock): Waiters {
  const waiting = new Set<() => void>();
  return {
    wait: (milliseconds, signal) =>
      new Promise((resolve) => {
        const done = () => {
          waiting.delete(done);
          cancel();
          signal.removeEventListener("abort", done);
          resolve();
        };
        const cancel = clock.after(milliseconds, done);
        waiting.add(done);
        signal.addEventListener("abort", done);
        if (signal.aborted) done();
      }),
    wake() {
      for (const done of [...waiting]) done();
    },
  };
}
