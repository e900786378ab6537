/** A party's part in a round. */
export interface Member {
  readonly party: string;
  /** n_i, frozen when the round starts. */
  readonly examples: number;
  /** The local steps after which this party exchanges: ascending, at least one, the last one is the round's `steps`. */
  readonly exchanges: readonly number[];
}

/** Who takes part in a round and after which local steps each one exchanges. Frozen when the round starts. */
export interface RoundPlan {
  /** From 1. */
  readonly round: number;
  /** T, the local steps of every member. */
  readonly steps: number;
  /** In party order, which is the order of every merge. */
  readonly members: readonly Member[];
  /** The members that were chosen to exchange more often than the rest, if the algorithm chooses such a group. */
  readonly group?: Group | undefined;
  /** Everybody who belonged to the federation when the round was planned, if the algorithm's merges ask for it. */
  readonly whole?: Whole | undefined;
}

export interface Whole {
  /** N */
  readonly parties: number;
  /** n, the examples of all of them. */
  readonly examples: number;
}

export interface Group {
  /** In party order. */
  readonly parties: readonly string[];
  /** How far the labels of the group, pooled, are from those of the whole federation: KL(group ‖ whole), in nats. */
  readonly divergence: number;
}

/** The local steps `from` … `to − 1` (counted from 0) that a party does between two exchanges. */
export interface Segment {
  readonly party: string;
  /** From 0; the segment ends with the member's exchange of the same index. */
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

/** Segment `index` of a member; undefined past the last. */
export function segmentOf(member: Member, index: number): Segment | undefined {
  const to = member.exchanges[index];
  if (to === undefined) return undefined;
  return { party: member.party, index, from: index === 0 ? 0 : (member.exchanges[index - 1] ?? 0), to };
}

/** All steps at which somebody exchanges, ascending. */
export function exchangeSteps(plan: RoundPlan): number[] {
  return [...new Set(plan.members.flatMap((member) => member.exchanges))].sort((a, b) => a - b);
}

/** Throws RangeError, saying which member is wrong, unless the plan keeps the rules stated above. */
export function checkPlan(plan: RoundPlan): void {
  if (!Number.isSafeInteger(plan.round) || plan.round < 1) throw new RangeError(`round ${plan.round} is not ≥ 1`);
  if (!Number.isSafeInteger(plan.steps) || plan.steps < 1) throw new RangeError(`steps ${plan.steps} is not ≥ 1`);
  if (plan.members.length === 0) throw new RangeError(`round ${plan.round} has no members`);
  let previous: string | undefined;
  for (const { party, examples, exchanges } of plan.members) {
    if (previous !== undefined && !(previous < party)) throw new RangeError(`"${party}" is not in party order`);
    if (!Number.isSafeInteger(examples) || examples < 1) throw new RangeError(`"${party}" has ${examples} examples`);
    const ascending = exchanges.every((step, i) => Number.isSafeInteger(step) && step > (exchanges[i - 1] ?? 0));
    if (!ascending || exchanges.at(-1) !== plan.steps) {
      throw new RangeError(
        `"${party}" exchanges at [${exchanges}]: expected ascending steps that end at ${plan.steps}`,
      );
    }
    previous = party;
  }
  const stranger = plan.group?.parties.find((party) => !plan.members.some((member) => member.party === party));
  if (stranger !== undefined) throw new RangeError(`"${stranger}" is in the group but no member of the round`);
}
