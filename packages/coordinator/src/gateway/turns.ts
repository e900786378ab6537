/** Lets so many pieces of work run at a time; the others wait in the order in which they came. */
export interface Turns {
  /** Throws the signal's reason if it ends while the work waits. */
  take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function turns(atATime: number): Turns {
  let running = 0;
  const waiting = new Set<() => void>();

  function next(): void {
    const [first] = waiting;
    if (first === undefined) running--;
    else {
      waiting.delete(first);
      first();
    }
  }

  function turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        waiting.delete(begin);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      waiting.add(begin);
    });
  }

  return {
    async take(work, signal) {
      signal.throwIfAborted();
      if (running < atATime) running++;
      else await turn(signal);
      try {
        return await work();
      } finally {
        next();
      }
    },
  };
}
