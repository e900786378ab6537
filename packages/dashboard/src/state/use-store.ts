import { useSyncExternalStore } from "react";
import type { Store } from "./store.ts";

/** A part of a store's value. `select` must return the same thing for the same state: pick, do not build. */
export function useStore<S, T>(store: Store<S>, select: (state: S) => T): T {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}
