import type { RoundPlan } from "./plan.ts";

/** How evenly the work of exchanging often was spread over the parties. */
export interface FairnessReport {
  /** In party order: everybody who was a member of a round. */
  readonly parties: readonly FastShare[];
  /** The largest and the smallest share of a party; 0 where there was no round. */
  readonly max: number;
  readonly min: number;
  /** Gini coefficient of the shares: 0 if all are equal, near 1 if one party has been fast for all. */
  readonly gini: number;
}

export interface FastShare {
  readonly party: string;
  /** Rounds in which it was a member. */
  readonly rounds: number;
  /** Rounds that it spent in the fast group. */
  readonly fast: number;
  /** fast / rounds */
  readonly share: number;
}

/** What the plans of past rounds say about who was in the fast group how often. */
export function fairnessReport(plans: Iterable<RoundPlan>): FairnessReport {
  const counts = new Map<string, { rounds: number; fast: number }>();
  for (const { members, group } of plans) {
    const inGroup = new Set(group?.parties);
    for (const { party } of members) {
      const count = counts.get(party) ?? { rounds: 0, fast: 0 };
      count.rounds++;
      if (inGroup.has(party)) count.fast++;
      counts.set(party, count);
    }
  }
  const parties = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([party, { rounds, fast }]) => ({ party, rounds, fast, share: fast / rounds }));
  const shares = parties.map(({ share }) => share);
  const min = shares.length === 0 ? 0 : Math.min(...shares);
  return { parties, max: Math.max(0, ...shares), min, gini: gini(shares) };
}

/** Σ_i Σ_j |x_i − x_j| / (2 n Σ x), by the sorted values: Σ (2i − n − 1) x_(i) / (n Σ x). 0 where all are 0. */
function gini(values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0);
  if (sum === 0) return 0;
  const n = values.length;
  const ascending = [...values].sort((a, b) => a - b);
  return ascending.reduce((total, x, i) => total + (2 * (i + 1) - n - 1) * x, 0) / (n * sum);
}
