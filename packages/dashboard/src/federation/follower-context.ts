import { createContext, use } from "react";
import type { Follower, Following } from "../live/follow.ts";
import type { FederationState } from "../state/federation-state.ts";
import { useStore } from "../state/use-store.ts";

export const FollowerContext = createContext<Follower | null>(null);

/** A part of what is followed. `select` picks, it does not build. */
export function useFollowing<T>(select: (state: Following) => T): T {
  const follower = use(FollowerContext);
  if (follower === null) throw new Error("outside of a federation's page");
  return useStore(follower.store, select);
}

/** A part of the federation's state, for sections that are shown only once it is there. */
export function useFederation<T>(select: (state: FederationState) => T): T {
  return useFollowing(({ federation }) => {
    if (federation === null) throw new Error("the federation is not there yet");
    return select(federation);
  });
}
