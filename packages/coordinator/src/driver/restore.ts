import { decodeSafetensors, treePayload } from "@concord/engine";
import type { RoundPlan } from "@concord/federation";
import { algorithmOf, federationKeys, openSegment, resumeRound } from "@concord/federation";
import { buildTask } from "@concord/learning";
import type { Context } from "../context.ts";
import type { FederationRecord, LeaseRecord, RoundRecord, SegmentRecord, Transaction } from "../store/contract.ts";
import { downloads } from "./downloads.ts";
import type { Live, LiveLease, LiveParty, Phase } from "./live.ts";
import { newcomer } from "./live.ts";
import { getState } from "./states.ts";
import { newTransfer } from "./work.ts";

/** The live picture of a federation from what the store holds of it, after a start of the coordinator. */
export async function restore(context: Context, record: FederationRecord): Promise<Live> {
  const { journal, depot, clock } = context;
  const now = clock.now();
  const { spec, id } = record;
  const { phase, parties, leases } = await journal.read(async (tx) => {
    const rounds = await tx.rounds.list(id);
    return {
      phase: await restorePhase(tx, record, rounds, now),
      parties: await restoreParties(tx, id, rounds, now),
      leases: await tx.leases.list(id),
    };
  });
  const live: Live = {
    task: buildTask(spec.task),
    algorithm: algorithmOf(spec.algorithm),
    keys: federationKeys(spec.seed),
    downloads: downloads(depot),
    parties,
    record,
    state: await getState(depot, record.state, id),
    phase,
  };
  for (const lease of leases) await restoreLease(context, live, lease, now);
  return live;
}

async function restorePhase(
  tx: Transaction,
  { id, status }: FederationRecord,
  rounds: readonly RoundRecord[],
  now: number,
): Promise<Phase> {
  if (status === "finished" || status === "stopped") return { kind: "ended" };
  const round = rounds.at(-1);
  if (round === undefined || round.status === "finished" || round.status === "void") return { kind: "idle" };
  const segments = await tx.segments.list(id, round.round);
  const merges = await tx.merges.list(id, round.round);
  if (round.status === "evaluating") {
    const evaluations = await tx.evaluations.list(id, round.round);
    return {
      kind: "evaluating",
      round,
      evaluators: round.evaluators ?? [],
      replied: new Set(evaluations.map(({ party }) => party)),
      completed: completedBy(round.plan, segments),
      since: now,
    };
  }
  const steps: [number, string][] = merges.map(({ step, state }) => [step, state]);
  return {
    kind: "training",
    round,
    progress: resumeRound(round.plan, segments, merges.length),
    states: new Map([[0, round.stateBefore], ...steps]),
    roundSince: now,
    exchangeSince: now,
  };
}

function completedBy({ members }: RoundPlan, segments: readonly SegmentRecord[]): string[] {
  return members
    .filter(({ party, exchanges }) =>
      segments.some(
        (record) => record.party === party && record.segment === exchanges.length - 1 && record.outcome === "replied",
      ),
    )
    .map(({ party }) => party);
}

async function restoreParties(
  tx: Transaction,
  federation: string,
  rounds: readonly RoundRecord[],
  now: number,
): Promise<Map<string, LiveParty>> {
  const parties = new Map<string, LiveParty>();
  for (const record of await tx.parties.list(federation)) {
    parties.set(record.id, newcomer(record, now));
  }
  for (const { round } of rounds) {
    for (const { party, outcome } of await tx.segments.list(federation, round)) {
      const entry = parties.get(party);
      if (entry === undefined) continue;
      if (outcome === "replied") entry.updates++;
      else entry.missed++;
    }
  }
  return parties;
}

/** A lease whose reply would still count goes on, with all of its time before it. */
async function restoreLease({ depot }: Context, live: Live, record: LeaseRecord, now: number): Promise<void> {
  const party = live.parties.get(record.party);
  const { phase } = live;
  const open =
    phase.kind === "training"
      ? record.round === phase.round.round && openSegment(phase.progress, record.party)?.index === record.segment
      : phase.kind === "evaluating" && record.round === phase.round.round && record.kind === "evaluate";
  const content = open && party !== undefined ? await depot.get(record.model) : undefined;
  if (party === undefined || content === undefined) return;
  const lease: LiveLease = {
    record,
    payload: treePayload(decodeSafetensors(content).tensors),
    bytes: content.length,
    expiresAt: now + 1000 * live.record.spec.leaseSeconds,
    restored: true,
    transfer: newTransfer("unknown"),
  };
  party.lease = lease;
}
