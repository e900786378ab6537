import type { Member, RoundPlan, Segment } from "./plan.ts";
import { exchangeSteps, segmentOf } from "./plan.ts";

/**
 * How far a round has come: pure bookkeeping of segments and exchanges, without tensors, clocks or sockets. The
 * simulator and the coordinator drive a round through the same transitions, each of which returns a new value.
 *
 * An exchange at step t is due when every earlier one has been merged; it is ready when each party that is due at t has
 * replied or was dropped from it. So the merges of a round happen in one order, whatever the order of arrival.
 */
export interface RoundProgress {
  readonly plan: RoundPlan;
  /** The exchange that comes next, or undefined when the round is complete. */
  readonly next: number | undefined;
  readonly members: ReadonlyMap<string, MemberProgress>;
}

export interface MemberProgress {
  readonly member: Member;
  /** The segment it works on, or whose reply waits for the merge. Past the last exchange: the number of exchanges. */
  readonly segment: number;
  readonly state:
    | "training" /* owes the reply to `segment` */
    | "replied" /* the reply to `segment` is here and waits for its exchange */
    | "dropped" /* missed the exchange of `segment`; may go on with the next one once that exchange is merged */
    | "finished" /* its last reply is merged, or it missed its last exchange */;
}

/** The progress of a round that has just been planned: every member trains its first segment. */
export function beginRound(plan: RoundPlan): RoundProgress {
  const members = plan.members.map((member): [string, MemberProgress] => [
    member.party,
    { member, segment: 0, state: "training" },
  ]);
  return { plan, next: exchangeSteps(plan)[0], members: new Map(members) };
}

/** The segment that a party may work on now, or undefined (it waits, or has finished, or is no member). */
export function openSegment(progress: RoundProgress, party: string): Segment | undefined {
  const at = progress.members.get(party);
  return at?.state === "training" ? segmentOf(at.member, at.segment) : undefined;
}

/** All open segments, in party order. */
export function openSegments(progress: RoundProgress): Segment[] {
  return progress.plan.members.flatMap(({ party }) => openSegment(progress, party) ?? []);
}

/** True if this reply would change the round; false if it is late, repeated, or of no member. */
export function acceptsReply(progress: RoundProgress, party: string, segment: number): boolean {
  const at = progress.members.get(party);
  return at?.state === "training" && at.segment === segment;
}

/** Notes a reply. A late or repeated one changes nothing (the same value is returned). */
export function reply(progress: RoundProgress, party: string, segment: number): RoundProgress {
  return acceptsReply(progress, party, segment) ? withState(progress, party, "replied") : progress;
}

/** Drops a party from the exchange that it owes a reply to. Changes nothing if it owes none. */
export function drop(progress: RoundProgress, party: string): RoundProgress {
  return progress.members.get(party)?.state === "training" ? withState(progress, party, "dropped") : progress;
}

/** The exchange that comes next: its step, and what has become of the parties that are due at it. */
export interface Exchange {
  readonly step: number;
  /** Parties whose updates are here, in party order: what `merge` adds up. */
  readonly replied: readonly string[];
  /** Parties that still owe their reply. */
  readonly awaited: readonly string[];
  readonly dropped: readonly string[];
  /** True at the last exchange of the round. */
  readonly last: boolean;
}

export function nextExchange(progress: RoundProgress): Exchange | undefined {
  const { plan, next } = progress;
  if (next === undefined) return undefined;
  const inState = (wanted: MemberProgress["state"]) =>
    plan.members
      .map(({ party }) => party)
      .filter((party) => {
        const at = progress.members.get(party);
        return at?.state === wanted && at.member.exchanges[at.segment] === next;
      });
  return {
    step: next,
    replied: inState("replied"),
    awaited: inState("training"),
    dropped: inState("dropped"),
    last: next === plan.steps,
  };
}

/**
 * Notes that the exchange at `progress.next` has been merged: everybody who was due at it, dropped or not, goes on with
 * the next segment from the model of this exchange; where nobody has replied that is the model from before. Throws
 * RangeError while a reply is awaited.
 */
export function merged(progress: RoundProgress): RoundProgress {
  const exchange = nextExchange(progress);
  if (exchange === undefined) throw new RangeError(`round ${progress.plan.round} is complete`);
  if (exchange.awaited.length > 0)
    throw new RangeError(`step ${exchange.step} waits for ${exchange.awaited.join(", ")}`);
  const members = new Map(progress.members);
  for (const party of [...exchange.replied, ...exchange.dropped]) {
    const at = members.get(party);
    if (at === undefined) continue;
    const segment = at.segment + 1;
    members.set(party, { ...at, segment, state: segment < at.member.exchanges.length ? "training" : "finished" });
  }
  const following = exchangeSteps(progress.plan).find((step) => step > exchange.step);
  return { ...progress, next: following, members };
}

/** What became of a segment, as a store remembers it. */
export interface SegmentOutcome {
  readonly party: string;
  readonly segment: number;
  readonly outcome: "replied" | "dropped";
}

/** The progress of a round of which the outcomes and the number of merged exchanges are known: how a restart goes on. */
export function resumeRound(
  plan: RoundPlan,
  outcomes: readonly SegmentOutcome[],
  mergedExchanges: number,
): RoundProgress {
  let progress = beginRound(plan);
  for (let merges = 0; ; merges++) {
    for (const { party, segment, outcome } of outcomes) {
      if (!acceptsReply(progress, party, segment)) continue;
      progress = outcome === "replied" ? reply(progress, party, segment) : drop(progress, party);
    }
    if (merges === mergedExchanges) return progress;
    progress = merged(progress);
  }
}

function withState(progress: RoundProgress, party: string, state: MemberProgress["state"]): RoundProgress {
  const at = progress.members.get(party);
  if (at === undefined) return progress;
  return { ...progress, members: new Map(progress.members).set(party, { ...at, state }) };
}
