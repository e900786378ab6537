import type { Key } from "@concord/engine";
import { key, split } from "@concord/engine";

/** The streams of a federation's seed: every random choice draws from one of them and from nothing else. */
export interface FederationKeys {
  /** Initial parameters. */
  readonly init: Key;
  /** Who takes part in a round. */
  select(round: number): Key;
  /** What a party draws: with round and step it fixes its batches. */
  party(id: string): Key;
  /** What a simulated party has in the place of a secret. Whoever has the seed can draw it again; a deployed party makes its own. */
  simulatedSecret(id: string): Key;
}

export function federationKeys(seed: number): FederationKeys {
  const root = key(seed);
  return {
    init: split(root, "init"),
    select: (round) => split(root, "select", round),
    party: (id) => split(root, "party", id),
    simulatedSecret: (id) => split(root, "party", id, "disguise"),
  };
}
