import type { Key, Tensor } from "@concord/engine";
import { key, rng, split, tensor } from "@concord/engine";
import type { PartyProfile } from "../party.ts";
import { partOf } from "./place-parties.ts";

/** A number that fixes for the whole federation who is able to be fast; kept in the coordinator's state. */
export function drawAbility(of: Key): Tensor {
  return tensor("float64", [], Float64Array.of(rng(split(of, "able")).below(Number.MAX_SAFE_INTEGER)));
}

/**
 * The fastest level that each party is able to keep up with, as an index: ⌊r_0 N⌋ parties at level 0, ⌊(r_0 + r_1) N⌋ at
 * level 1 or faster, and so on. Each party draws a number of its own and the smallest are the ablest, so that one who joins
 * later moves at most one other party across each border.
 */
export function ablestLevel(
  ability: Tensor,
  parties: readonly PartyProfile[],
  ratios: readonly number[],
): (party: string) => number {
  const seed = key(ability.data[0] as number);
  const draws = parties.map(({ id }) => ({ id, draw: rng(split(seed, id)).uniform() }));
  draws.sort((a, b) => a.draw - b.draw || (a.id < b.id ? -1 : 1));
  const levels = new Map<string, number>();
  let upTo = 0;
  for (const [level, ratio] of ratios.entries()) {
    upTo += ratio;
    const count = level === ratios.length - 1 ? parties.length : partOf(upTo, parties.length);
    for (const { id } of draws.slice(levels.size, count)) levels.set(id, level);
  }
  return (party) => levels.get(party) ?? ratios.length - 1;
}
