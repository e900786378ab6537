import type { Update } from "./algorithm.ts";
import type { PartyProfile } from "./party.ts";
import type { RoundPlan, Whole } from "./plan.ts";

/** Everybody who belongs to the federation, as a plan keeps it for the merges of its round. */
export function wholeOf(parties: readonly PartyProfile[]): Whole {
  return { parties: parties.length, examples: parties.reduce((sum, { examples }) => sum + examples, 0) };
}

/**
 * Σ_S n_i / n: the share of all examples that these updates stand for; |S|/N where all parties have the same size.
 * Throws RangeError for a plan that does not say who the whole is.
 */
export function shareOfWhole({ round, whole }: RoundPlan, updates: readonly Update[]): number {
  if (whole === undefined) throw new RangeError(`the plan of round ${round} does not say how large the whole is`);
  return updates.reduce((sum, { examples }) => sum + examples, 0) / whole.examples;
}
