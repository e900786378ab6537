import { byCodeUnits } from "@concord/engine";

/** What the coordinator knows of a party when it plans a round: declared on joining, never measured from its data. */
export interface PartyProfile {
  /** Stable name within the federation; parties are ordered by it. */
  readonly id: string;
  /** Training examples the party declares, its weight n_i. A whole number ≥ 1. */
  readonly examples: number;
  /** Count of training examples by class, if the party consents to show it. */
  readonly labels?: readonly number[];
}

/** The order in which parties are drawn, merged and reported: by id, code unit by code unit. */
export function inPartyOrder<T extends { readonly id: string }>(parties: Iterable<T>): T[] {
  return [...parties].sort(byCodeUnits(({ id }) => id));
}
