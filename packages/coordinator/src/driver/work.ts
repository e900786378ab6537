import type { Tensor, Tree } from "@concord/engine";
import type { Segment } from "@concord/federation";
import { openSegment } from "@concord/federation";
import type { Work } from "@concord/protocol";
import type { Context } from "../context.ts";
import type { LeaseRecord } from "../store/contract.ts";
import { newLeaseId } from "./lease-id.ts";
import type { Evaluating, Live, LiveLease, LiveParty, Training, Transfer } from "./live.ts";
import { getState } from "./states.ts";

/** What a party could do at this moment. */
export type Offer =
  | { readonly kind: "evaluate"; readonly phase: Evaluating }
  | { readonly kind: "train"; readonly phase: Training; readonly segment: Segment }
  | { readonly kind: "wait"; readonly reason: string }
  | { readonly kind: "finished"; readonly reason: string };

export function offerFor(live: Live, party: LiveParty): Offer {
  const { id, status } = party.record;
  const { phase } = live;
  if (status === "left") return { kind: "finished", reason: "this party has left the federation" };
  if (phase.kind === "ended") {
    const done = live.record.status === "finished";
    return { kind: "finished", reason: done ? "the federation has finished" : "the federation was stopped" };
  }
  if (status === "paused") return { kind: "wait", reason: "this party has paused" };
  switch (phase.kind) {
    case "idle":
      return { kind: "wait", reason: "the next round has not begun: the federation waits for parties" };
    case "evaluating":
      if (phase.evaluators.includes(id) && !phase.replied.has(id)) return { kind: "evaluate", phase };
      return { kind: "wait", reason: "others evaluate the model of this round" };
    case "training": {
      const segment = openSegment(phase.progress, id);
      if (segment !== undefined) return { kind: "train", phase, segment };
      const member = phase.progress.members.has(id);
      return {
        kind: "wait",
        reason: member ? "others have not replied yet" : "this party was not drawn for this round",
      };
    }
  }
}

/**
 * Gives a party a lease of what it may do now. A lease that it holds of the same work is replaced: whoever asks again
 * has lost the first answer, or is the same party started anew.
 */
export async function grant({ journal, depot, clock }: Context, live: Live, party: LiveParty): Promise<Work> {
  const offer = offerFor(live, party);
  if (offer.kind === "wait" || offer.kind === "finished") return offer;

  const { id: federation, spec } = live.record;
  const round = offer.phase.round.round;
  const segment = offer.kind === "train" ? offer.segment.index : 0;
  const model = await live.downloads.of(await downloadOf(depot, live, offer));
  const expiresAt = clock.now() + 1000 * spec.leaseSeconds;
  const record: LeaseRecord = {
    id: newLeaseId({ round, kind: offer.kind, segment, party: party.record.id }),
    federation,
    party: party.record.id,
    round,
    kind: offer.kind,
    segment: offer.kind === "train" ? segment : null,
    model: model.sha256,
    expiresAt,
  };
  // Whoever asks again gets the same work: a lease that the power takes along costs a question.
  await journal.jot((tx) => tx.leases.put(record));
  const transfer =
    party.lease !== undefined && isSameWork(party.lease, record) ? party.lease.transfer : newTransfer("no");
  party.lease = { record, payload: model.payload, bytes: model.content.length, expiresAt, restored: false, transfer };

  const lease = {
    id: record.id,
    round,
    expiresInSeconds: spec.leaseSeconds,
    heartbeatSeconds: heartbeatSeconds(live),
    model: { sha256: model.sha256, bytes: model.content.length },
  };
  if (offer.kind === "evaluate") return { kind: "evaluate", lease };
  const { index, from, to } = offer.segment;
  return { kind: "train", lease, steps: offer.phase.round.plan.steps, segment: { index, from, to } };
}

/** Five heartbeats may get lost before a lease runs out. */
function heartbeatSeconds(live: Live): number {
  return live.record.spec.leaseSeconds / 6;
}

/** The state that a segment starts from: that after the exchange at its first step, whatever was merged since. */
export async function stateAt(live: Live, depot: Context["depot"], phase: Training, step: number) {
  const sha256 = phase.states.get(step) ?? phase.round.stateBefore;
  return sha256 === live.record.state ? live.state : getState(depot, sha256, live.record.id);
}

async function downloadOf(
  depot: Context["depot"],
  live: Live,
  offer: Extract<Offer, { kind: "train" | "evaluate" }>,
): Promise<Tree<Tensor>> {
  if (offer.kind === "evaluate") return live.state.model;
  return live.algorithm.download(await stateAt(live, depot, offer.phase, offer.segment.from), offer.segment);
}

/** Nothing transferred yet. */
export function newTransfer(downloaded: Transfer["downloaded"]): Transfer {
  return { downloaded, uploads: new Map(), closed: false };
}

function isSameWork({ record }: LiveLease, other: LeaseRecord): boolean {
  return record.round === other.round && record.kind === other.kind && record.segment === other.segment;
}
