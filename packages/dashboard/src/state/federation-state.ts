import type { ConcordEvent, FederationView, PartyView, RoundView } from "@concord/protocol";

/** How many of the latest events the log keeps. */
export const LOG_LIMIT = 2_000;

/** A party that missed an exchange of a round. */
interface Dropped {
  readonly party: string;
  readonly step: number;
  readonly reason: string;
}

/** A round with what only the events tell of it. */
export interface RoundRow extends RoundView {
  readonly dropped: readonly Dropped[];
  /** Why a void round is void. */
  readonly voidReason: string | null;
  /** Wall-clock length, once it has ended. */
  readonly seconds: number | null;
}

/** One federation as the page knows it: a snapshot over REST, kept current by events. */
export interface FederationState {
  readonly view: FederationView;
  /** In party order. */
  readonly parties: readonly PartyView[];
  /** Ascending. */
  readonly rounds: readonly RoundRow[];
  /** The latest events, oldest first. */
  readonly log: readonly ConcordEvent[];
  /** The last event that is part of this state: 0 before the first. */
  readonly seq: number;
  /** Events up to this number are part of the snapshot already: they add reasons and lines of the log, no numbers. */
  readonly countedUpTo: number;
  /** Why the federation was stopped. */
  readonly stopReason: string | null;
}

/** What the page reads over REST. */
export interface Snapshot {
  readonly view: FederationView;
  readonly parties: readonly PartyView[];
  readonly rounds: readonly RoundView[];
  /** The last event before it was read. */
  readonly last: number;
}

/** The state from which events go on: nothing of the log is known yet. */
export function fromSnapshot({ view, parties, rounds, last }: Snapshot): FederationState {
  // Of a long history only the end is asked for.
  const seq = Math.max(0, last - LOG_LIMIT);
  return { view, parties, rounds: rounds.map(rowOf), log: [], seq, countedUpTo: last, stopReason: null };
}

/**
 * Takes up a later snapshot. Rows that have not changed keep their identity, so that they are not drawn again. Events
 * may have overtaken the snapshot on its way: what has ended does not begin again.
 */
export function withSnapshot(
  state: FederationState,
  { view, parties, rounds }: Omit<Snapshot, "last">,
): FederationState {
  const partyBefore = new Map(state.parties.map((party) => [party.id, party]));
  const roundBefore = new Map(state.rounds.map((row) => [row.round, row]));
  const overtaken = isOver(state.view) && !isOver(view);
  return {
    ...state,
    view: overtaken || same(state.view, view) ? state.view : view,
    parties: keepList(
      state.parties,
      parties.map((party) => keep(partyBefore.get(party.id), party)),
    ),
    rounds: keepList(
      state.rounds,
      rounds.map((round) => {
        const before = roundBefore.get(round.round);
        if (before === undefined) return rowOf(round);
        if (progressOf(before) > progressOf(round)) return before;
        return keep(before, { ...before, ...round, seconds: secondsOf(round) });
      }),
    ),
  };
}

/** True for a federation in which nothing will happen any more. */
export function isOver({ status }: Pick<FederationView, "status">): boolean {
  return status === "finished" || status === "stopped";
}

/** A number that only grows while a round goes on. */
function progressOf({ status, members }: RoundView): number {
  const stage = status === "training" ? 0 : status === "evaluating" ? 1 : 2;
  return stage * 1e12 + members.reduce((sum, { reached }) => sum + reached, 0);
}

function rowOf(round: RoundView): RoundRow {
  return { ...round, dropped: [], voidReason: null, seconds: secondsOf(round) };
}

function secondsOf({ startedAt, endedAt }: RoundView): number | null {
  return endedAt === null ? null : (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;
}

function keep<T>(before: T | undefined, after: T): T {
  return before !== undefined && same(before, after) ? before : after;
}

function keepList<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  return before.length === after.length && before.every((item, i) => item === after[i]) ? before : after;
}

/** Plain data that came over JSON: equal if its text is. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
