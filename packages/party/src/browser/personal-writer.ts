import type { Key } from "@concord/engine";
import { key, rng, split } from "@concord/engine";

/** Whose hand a tab writes in: the same for the same seed, so that a tab has the same examples after a reload. */
export function personalWriter(seed: string): { readonly key: Key; readonly index: number } {
  const root = key(seed);
  // A writer's index shifts which digit comes first; the hand itself follows from the key.
  return { key: root, index: rng(split(root, "index")).below(1_000_000) };
}
