/** A value that changes, and those who want to know. Shaped for React's useSyncExternalStore. */
export interface Store<S> {
  get(): S;
  /** Replaces the value by what `change` makes of it; nobody is told if it stays the same. */
  update(change: (state: S) => S): void;
  /** Returns how to stop. */
  subscribe(listener: () => void): () => void;
}

export function createStore<S>(initial: S): Store<S> {
  let state = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    update(change) {
      const next = change(state);
      if (Object.is(next, state)) return;
      state = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
