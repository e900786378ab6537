/** Time, as the coordinator reads it: one place, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since 1970 (UTC). */
  now(): number;
  /** Calls back once after so many milliseconds; the returned function takes it back. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** The longest that a Node timer can wait is 2³¹ ms; who waits longer asks again after a day. */
const LONGEST_TIMER = 86_400_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, milliseconds), LONGEST_TIMER));
    return () => clearTimeout(timer);
  },
};
