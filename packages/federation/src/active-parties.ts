import { rng, sample } from "@concord/engine";
import type { SelectContext } from "./algorithm.ts";
import type { PartyProfile } from "./party.ts";

/**
 * The candidates that take part in a round: so many of them, each set equally likely; all of them where no number is given
 * or there are fewer. In party order. The draw depends on the round's key alone, so that algorithms that are compared
 * under one seed work with the same parties.
 */
export function drawActive({ candidates, key }: SelectContext, activeParties: number | undefined): PartyProfile[] {
  const count = Math.min(activeParties ?? candidates.length, candidates.length);
  const drawn = new Set(sample(rng(key), candidates, count).map(({ id }) => id));
  return candidates.filter(({ id }) => drawn.has(id));
}
