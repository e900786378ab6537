/** Least time between two batches: ten pictures a second are live enough for figures, and leave the thread quiet. */
const REST_MS = 100;
/** Longest wait for a frame: a tab in the background gets none. */
const LONGEST_WAIT_MS = 250;

export interface Batcher<T> {
  add(item: T): void;
  /** Forgets what waits. */
  stop(): void;
}

/**
 * Collects what arrives and hands it over with an animation frame, not more than ten times a second, so that a burst of
 * events is drawn once.
 */
export function batchByFrame<T>(handle: (items: readonly T[]) => void): Batcher<T> {
  let waiting: T[] = [];
  let last = Number.NEGATIVE_INFINITY;
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = () => {
    cancel();
    last = performance.now();
    const items = waiting;
    waiting = [];
    handle(items);
  };
  const awaitFrame = () => {
    frame = requestAnimationFrame(flush);
    timer = setTimeout(flush, LONGEST_WAIT_MS);
  };
  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    add(item) {
      waiting.push(item);
      if (timer !== undefined) return;
      const rest = last + REST_MS - performance.now();
      if (rest > 0) timer = setTimeout(awaitFrame, rest);
      else awaitFrame();
    },
    stop() {
      cancel();
      waiting = [];
    },
  };
}
