import type { Algorithm, CoordinatorState, FederationKeys, RoundProgress, TreeBytes } from "@concord/federation";
import { inPartyOrder } from "@concord/federation";
import type { Task } from "@concord/learning";
import type { Pinned } from "../depot.ts";
import type { FederationRecord, LeaseRecord, PartyRecord, RoundRecord } from "../store/contract.ts";
import type { Downloads } from "./downloads.ts";

/**
 * One federation in memory: what the store holds of it, and what need not survive a kill (who was heard when, what is
 * being transferred). Commands change it, one after the other, each after its transaction has been kept.
 */
export interface Live {
  readonly task: Task;
  readonly algorithm: Algorithm;
  readonly keys: FederationKeys;
  readonly downloads: Downloads;
  readonly parties: Map<string, LiveParty>;
  record: FederationRecord;
  state: CoordinatorState;
  phase: Phase;
}

export type Phase =
  | { readonly kind: "idle" /* between two rounds, or before the first */ }
  | Training
  | Evaluating
  | { readonly kind: "ended" };

export interface Training {
  readonly kind: "training";
  readonly round: RoundRecord;
  readonly progress: RoundProgress;
  /** Blobs of the state by local step: 0 is the state when the round began, others are those after merged exchanges. */
  readonly states: ReadonlyMap<number, string>;
  /** When the deadline of the round began to run; anew after a restart. */
  readonly roundSince: number;
  /** When the exchange that comes next came to be so; anew after a restart. */
  readonly exchangeSince: number;
}

export interface Evaluating {
  readonly kind: "evaluating";
  readonly round: RoundRecord;
  readonly evaluators: readonly string[];
  readonly replied: ReadonlySet<string>;
  readonly completed: readonly string[];
  readonly since: number;
}

export interface LiveParty {
  record: PartyRecord;
  /** When it last made a request. */
  heardAt: number;
  /** Requests for work that are being held: while there is one, the party is there. */
  held: number;
  lease: LiveLease | undefined;
  /** It was awaited in vain and has not been heard from since. */
  missing: boolean;
  updates: number;
  missed: number;
}

export interface LiveLease {
  readonly record: LeaseRecord;
  /** Bytes of the tensors that go down, and of the whole blob. */
  readonly payload: number;
  readonly bytes: number;
  expiresAt: number;
  /** It was given before the coordinator was last started. */
  readonly restored: boolean;
  readonly transfer: Transfer;
}

/** What has crossed the wire for one (round, party, segment); it passes to the next lease of the same segment. */
export interface Transfer {
  /** The model went down whole. What was served before a restart is not known any more: then the reply proves it. */
  downloaded: "no" | "yes" | "unknown";
  /** The work is over: an update that arrives now is not kept. */
  closed: boolean;
  readonly uploads: Map<string, Upload>;
}

/** An update that was checked and stored, and waits for the reply that names it. */
export type Upload = Pinned & TreeBytes;

/** A party of which nothing has been seen yet. */
export function newcomer(record: PartyRecord, now: number): LiveParty {
  return { record, heardAt: now, held: 0, lease: undefined, missing: false, updates: 0, missed: 0 };
}

export function hasEnded(live: Live): boolean {
  return live.phase.kind === "ended";
}

/** The round under way, or else the last one; 0 before the first. */
export function currentRound({ phase, record }: Live): number {
  return phase.kind === "training" || phase.kind === "evaluating" ? phase.round.round : record.round;
}

/** Parties that take part now, in party order. */
export function activeParties(live: Live): PartyRecord[] {
  return participants(live).filter(({ status }) => status === "active");
}

/** Parties that belong to the federation, also those that rest at the moment, in party order. */
export function participants(live: Live): PartyRecord[] {
  return inPartyOrder([...live.parties.values()].map(({ record }) => record)).filter(({ status }) => status !== "left");
}

/** When a party was last known to be there. */
export function lastHeard(party: LiveParty, now: number): number {
  return party.held > 0 ? now : party.heardAt;
}

/** Ends what a party holds: its lease and the uploads that nobody will ask for any more. */
export function dropLease(party: LiveParty): void {
  const { lease } = party;
  if (lease === undefined) return;
  lease.transfer.closed = true;
  for (const upload of lease.transfer.uploads.values()) upload.release();
  party.lease = undefined;
}
