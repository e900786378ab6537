import { divergence, pooled } from "../dynamicfl/label-shares.ts";
import type { Option } from "./options.ts";
import type { PlannedParty } from "./question.ts";

/** A party and what it can do, from the fewest exchanges to the most; at least one. */
export interface Candidate {
  readonly party: PlannedParty;
  readonly options: readonly Option[];
}

/**
 * The order in which candidates should be raised, one option at a time, all of them starting at their first: numbers of
 * candidates, each as often as it can be raised.
 *
 * What a plan is worth is Σ n_i ln E_i: an exchange more is worth more to a party that has few of them, and more where
 * there are more examples. (With two classes a party, the points of the paper's figure gain about equally for each
 * fourfold of the traffic.) Every exchange costs the same bytes, so the raise comes first that is worth most for each. Of
 * equals, the one after which the labels that the exchanges carry, Σ n_i E_i P_i, are nearest to those of all parties.
 */
export function raiseOrder(candidates: readonly Candidate[]): readonly number[] {
  const shares = labelShares(candidates.map(({ party }) => party));
  const at = candidates.map(() => 0);
  const order: number[] = [];
  for (;;) {
    const carried = shares && carriedLabels(candidates, at, shares);
    let best: { readonly i: number; readonly worth: number; readonly distance: number } | undefined;
    for (const [i, candidate] of candidates.entries()) {
      const worth = worthOfRaise(candidate, at[i] as number);
      if (worth === undefined || (best !== undefined && worth < best.worth * (1 - 1e-12))) continue;
      const distance = shares && carried && distanceAfter(candidate, at[i] as number, i, carried, shares);
      const equal = best !== undefined && worth <= best.worth * (1 + 1e-12);
      if (best && equal && !((distance ?? 0) < best.distance - 1e-12)) continue;
      best = { i, worth, distance: distance ?? 0 };
    }
    if (best === undefined) return order;
    order.push(best.i);
    at[best.i] = (at[best.i] as number) + 1;
  }
}

/** n (ln E′ − ln E) / (E′ − E); undefined at the last option. */
function worthOfRaise({ party, options }: Candidate, at: number): number | undefined {
  const [from, to] = [options[at]?.exchanges.length, options[at + 1]?.exchanges.length];
  if (from === undefined || to === undefined) return undefined;
  return (party.examples * Math.log(to / from)) / (to - from);
}

interface Pool {
  readonly examples: number;
  readonly shares: readonly number[];
}

interface Shares {
  readonly of: readonly (readonly number[])[];
  readonly whole: readonly number[];
}

/** The labels of the exchanges of an assignment, Σ n_i E_i P_i, and Σ n_i E_i. */
function carriedLabels(candidates: readonly Candidate[], at: readonly number[], { of }: Shares): Pool {
  const parts = candidates.map(({ party, options }, i) => ({
    examples: party.examples * (options[at[i] as number]?.exchanges.length ?? 0),
    shares: of[i] as readonly number[],
  }));
  return { examples: parts.reduce((sum, { examples }) => sum + examples, 0), shares: pooled(parts) };
}

/** How far the labels are from those of all once candidate i is raised: only its further exchanges are added to the pool. */
function distanceAfter(candidate: Candidate, at: number, i: number, carried: Pool, shares: Shares): number {
  const { party, options } = candidate;
  const more = (options[at + 1]?.exchanges.length ?? 0) - (options[at]?.exchanges.length ?? 0);
  const added: Pool = { examples: party.examples * more, shares: shares.of[i] as readonly number[] };
  return divergence(pooled([carried, added]), shares.whole);
}

/** The label shares of each party, if all of them show their labels. */
export function labelShares(parties: readonly PlannedParty[]): Shares | undefined {
  const of = parties.map(({ labels = [] }) => {
    const total = labels.reduce((sum, count) => sum + count, 0);
    return total > 0 ? labels.map((count) => count / total) : [];
  });
  const classes = of[0]?.length ?? 0;
  if (classes === 0 || of.some((own) => own.length !== classes)) return undefined;
  return { of, whole: pooled(parties.map(({ examples }, i) => ({ examples, shares: of[i] as readonly number[] }))) };
}
