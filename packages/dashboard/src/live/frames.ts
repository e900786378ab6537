/** Longest wait for a frame: a tab in the background gets none. */
const LONGEST_WAIT_MS = 250;

export interface Batcher<T> {
  add(item: T): void;
  /** Forgets what waits. */
  stop(): void;
}

/** Collects what arrives and hands it over once a frame, so that a burst of events is drawn once. */
export function batchByFrame<T>(handle: (items: readonly T[]) => void): Batcher<T> {
  let waiting: T[] = [];
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    timer = undefined;
  };
  const flush = () => {
    cancel();
    const items = waiting;
    waiting = [];
    handle(items);
  };
  return {
    add(item) {
      waiting.push(item);
      if (timer !== undefined) return;
      frame = requestAnimationFrame(flush);
      timer = setTimeout(flush, LONGEST_WAIT_MS);
    },
    stop() {
      cancel();
      waiting = [];
    },
  };
}
