import type { Key } from "@concord/engine";
import { rng, sample, split } from "@concord/engine";
import type { PartyProfile } from "../party.ts";
import type { Choice, Search } from "./choose-group.ts";
import { chooseGroup, groupDivergence } from "./choose-group.ts";
import type { LabelShares } from "./label-shares.ts";

export interface PlacementRules {
  /** The share of the parties at each level, the fastest first; adds up to 1. */
  readonly ratios: readonly number[];
  readonly budget: "server" | "party";
  readonly group: "divergence" | "random" | "most-data";
  readonly search: Search;
}

export interface PlacementContext {
  /** A: who takes part in the round, in party order. */
  readonly active: readonly PartyProfile[];
  readonly labels: LabelShares;
  /** The fastest level that a party is able to keep up with, as an index; 0 for all under a server budget. */
  readonly ableAt: (party: string) => number;
  /** False for a party that has been in the fast group often enough. */
  readonly mayBeFast: (party: string) => boolean;
  /** The stream of the round's draw. */
  readonly key: Key;
}

export interface Placement {
  /** The index of its level, by party. */
  readonly levelOf: ReadonlyMap<string, number>;
  /** The parties at the fastest level and KL(their labels ‖ all labels); undefined if nobody could be there. */
  readonly fast: { readonly parties: readonly string[]; readonly divergence: number } | undefined;
}

/**
 * Places the active parties at the levels.
 *
 * With two levels this is the published rule (DynamicFL, arXiv 2409.04986): the fast group S ⊆ A minimises KL(P_S ‖ P)
 * under the budgets, the rest is slow. With more, level by level from the fastest: the parties at level k or faster,
 * S_k ⊇ S_{k−1}, minimise KL(P_{S_k} ‖ P). It is S_k that a merge at a step of level k averages, since every step of a slower
 * level is one of a faster level too; so S_k is what should look like the whole.
 */
export function placeParties(rules: PlacementRules, context: PlacementContext): Placement {
  const { ratios, budget } = rules;
  const { active, labels, ableAt, mayBeFast, key } = context;
  const choices = active.map(({ id, examples }): Choice => ({ party: id, examples, shares: labels.of(id) }));
  const levelOf = new Map<string, number>();
  let fast: Placement["fast"];
  let placed: readonly Choice[] = [];
  for (let level = 0; level < ratios.length; level++) {
    const upTo = ratios.slice(0, level + 1).reduce((sum, ratio) => sum + ratio, 0);
    const eligible = choices.filter(
      (choice) => !placed.includes(choice) && ableAt(choice.party) <= level && (level > 0 || mayBeFast(choice.party)),
    );
    const everybody = upTo > 1 - 1e-9;
    const question: Question = {
      given: placed,
      eligible,
      atMost: budget === "party" ? active.length : partOf(upTo, active.length),
      whole: labels.whole,
      key: split(key, "level", level),
    };
    const group = everybody ? [...placed, ...eligible] : choose(rules, question);
    for (const { party } of group) if (!levelOf.has(party)) levelOf.set(party, level);
    placed = choices.filter(({ party }) => levelOf.has(party));
    if (level === 0 && placed.length > 0) {
      fast = { parties: placed.map(({ party }) => party), divergence: groupDivergence(placed, labels.whole) };
    }
  }
  return { levelOf, fast };
}

/** ⌊share · n⌋, where a product such as 0.29 · 100 counts as the whole number that it misses by rounding. */
export function partOf(share: number, n: number): number {
  return Math.floor(share * n + 1e-9);
}

interface Question {
  readonly given: readonly Choice[];
  readonly eligible: readonly Choice[];
  readonly atMost: number;
  readonly whole: readonly number[];
  readonly key: Key;
}

/** The group by the rule of the specification: the controls take as many parties as the published rule would. */
function choose({ group, search }: PlacementRules, question: Question): readonly Choice[] {
  const { given, eligible, key } = question;
  const nearest = chooseGroup({ ...question, rng: rng(split(key, "search")) }, search);
  const count = nearest.length - given.length;
  switch (group) {
    case "divergence":
      return nearest;
    case "random":
      return [...given, ...sample(rng(split(key, "random")), eligible, count)];
    case "most-data": {
      const byData = [...eligible].sort((a, b) => b.examples - a.examples);
      return [...given, ...byData.slice(0, count)];
    }
  }
}
