import type { PartyProfile } from "../party.ts";
import { groupDivergence } from "./choose-group.ts";
import type { Level } from "./intervals.ts";
import type { LabelShares } from "./label-shares.ts";
import { unfitLabels } from "./label-shares.ts";
import type { Placement } from "./place-parties.ts";

/** The level of each party, decided before the federation begins, such as by `concord plan dynamicfl`. */
export interface Assignment {
  readonly parties: Readonly<Record<string, Level>>;
  /** Of the parties that are not named; the slowest where it is not given. */
  readonly default?: Level | undefined;
}

export interface AssignedRound {
  /** Levels of the federation, the fastest first. */
  readonly levels: readonly Level[];
  readonly active: readonly PartyProfile[];
  /** Everybody who belongs to the federation. */
  readonly parties: readonly PartyProfile[];
  readonly labelsOf: (parties: readonly PartyProfile[]) => LabelShares;
}

/**
 * Places the active parties at the levels that they have been assigned. The fast group are those at the fastest level of
 * the round, if not all are; it is reported only where everybody shares labels, which an assignment does without.
 */
export function placeAsAssigned(assignment: Assignment, round: AssignedRound): Placement {
  const { levels, active, parties, labelsOf } = round;
  const levelOf = new Map(active.map(({ id }) => [id, levels.indexOf(assignedLevel(assignment, id, levels))]));
  const fastest = Math.min(...levelOf.values());
  const group = active.filter(({ id }) => levelOf.get(id) === fastest);
  if (group.length === active.length || parties.some((party) => unfitLabels(party)))
    return { levelOf, fast: undefined };
  const labels = labelsOf(parties);
  const choices = group.map(({ id, examples }) => ({ party: id, examples, shares: labels.of(id) }));
  const fast = { parties: group.map(({ id }) => id), divergence: groupDivergence(choices, labels.whole) };
  return { levelOf, fast };
}

function assignedLevel({ parties, default: otherwise }: Assignment, id: string, levels: readonly Level[]): Level {
  return (Object.hasOwn(parties, id) ? parties[id] : otherwise) ?? (levels.at(-1) as Level);
}
