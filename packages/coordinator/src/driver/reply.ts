import { reply as noteReply, segmentOf } from "@concord/federation";
import type { ReplyRequest, ReplyResponse } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { Context } from "../context.ts";
import { claimLease } from "./held-lease.ts";
import type { Live, LiveLease, LiveParty, Upload } from "./live.ts";
import { dropLease } from "./live.ts";
import { exchanged } from "./transfers.ts";
import { acceptUpload } from "./upload.ts";

/**
 * Takes the result of a lease. It counts once: the same reply again is a `duplicate`, one whose exchange went on without
 * it is `late`, and both change nothing.
 */
export async function takeReply(
  context: Context,
  live: Live,
  party: LiveParty,
  id: string,
  body: ReplyRequest,
): Promise<ReplyResponse> {
  const claim = await claimLease(context, live, party, id);
  if (claim.kind === "done") return { status: "duplicate" };
  if (claim.kind === "late") return { status: "late" };
  const { lease } = claim;
  if (lease.record.kind !== body.kind) {
    throw new ConcordError(
      "invalid_argument",
      `this lease is to ${lease.record.kind}, the reply is of kind "${body.kind}"`,
      {
        param: "kind",
      },
    );
  }
  const isNew =
    body.kind === "train"
      ? await takeUpdate(context, live, party, lease, body)
      : await takeEvaluation(context, live, party, lease, body);
  dropLease(party);
  return { status: isNew ? "accepted" : "duplicate" };
}

async function takeUpdate(
  context: Context,
  live: Live,
  party: LiveParty,
  lease: LiveLease,
  { update, loss }: Extract<ReplyRequest, { kind: "train" }>,
): Promise<boolean> {
  const { phase } = live;
  const { id } = party.record;
  const index = lease.record.segment ?? 0;
  const member = phase.kind === "training" ? phase.progress.members.get(id)?.member : undefined;
  const segment = member && segmentOf(member, index);
  if (phase.kind !== "training" || segment === undefined) throw new ConcordError("internal", `lease without a segment`);

  const { federation } = party.record;
  const { round } = phase.round;
  const sent = await uploadOf(context, live, lease, update.sha256, update.bytes);
  const isNew = await context.journal.commit(async (tx, emit) => {
    const at = context.clock.now();
    const record = { federation, round, party: id, segment: index, outcome: "replied", update: update.sha256 } as const;
    if (!(await tx.segments.insert({ ...record, loss, at }))) return false;
    await tx.leases.delete(lease.record.id);
    await tx.traffic.add({ federation, party: id, round, purpose: "train", traffic: exchanged(lease, sent) });
    const { bytes } = update;
    await emit({ type: "update.accepted", federation, party: id, round, step: segment.to, loss, bytes });
    return true;
  });
  if (isNew) party.updates++;
  live.phase = { ...phase, progress: noteReply(phase.progress, id, index) };
  return isNew;
}

/**
 * The update that a reply names: one that this party sent for this lease.
 *
 * After a restart it is no longer known who sent what, so a blob in the store is checked again as if it had just arrived.
 * Nobody can name another's update in this way: its hash is known only to those who have its bytes.
 */
async function uploadOf(
  context: Context,
  live: Live,
  lease: LiveLease,
  sha256: string,
  bytes: number,
): Promise<Upload> {
  const { uploads } = lease.transfer;
  const content = lease.restored && !uploads.has(sha256) ? await context.depot.get(sha256) : undefined;
  if (content !== undefined) await acceptUpload(context, live, lease, sha256, content);
  const upload = uploads.get(sha256);
  if (upload === undefined) {
    throw new ConcordError("failed_precondition", `blob ${sha256} was not sent for this lease; PUT it, then reply`, {
      param: "update.sha256",
    });
  }
  if (upload.bytes === bytes) return upload;
  throw new ConcordError("invalid_argument", `blob ${sha256} has ${upload.bytes} bytes, not ${bytes}`, {
    param: "update.bytes",
  });
}

async function takeEvaluation(
  context: Context,
  live: Live,
  party: LiveParty,
  lease: LiveLease,
  { evaluation }: Extract<ReplyRequest, { kind: "evaluate" }>,
): Promise<boolean> {
  const { phase } = live;
  if (phase.kind !== "evaluating") throw new ConcordError("internal", "lease without an evaluation");
  const { federation, id, heldOut } = party.record;
  const { round } = phase.round;
  for (const [metric, { count }] of Object.entries(evaluation)) {
    if (count <= heldOut) continue;
    throw new ConcordError(
      "invalid_argument",
      `"${metric}" was measured on ${count} examples, but this party has declared ${heldOut} held-out ones`,
      { param: `evaluation.${metric}.count` },
    );
  }
  const isNew = await context.journal.commit(async (tx) => {
    if (!(await tx.evaluations.insert({ federation, round, party: id, evaluation }))) return false;
    await tx.leases.delete(lease.record.id);
    await tx.traffic.add({ federation, party: id, round, purpose: "evaluate", traffic: exchanged(lease) });
    return true;
  });
  live.phase = { ...phase, replied: new Set(phase.replied).add(id) };
  return isNew;
}
