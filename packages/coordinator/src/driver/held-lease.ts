import { acceptsReply } from "@concord/federation";
import { ConcordError } from "@concord/protocol";
import type { Context } from "../context.ts";
import { parseLeaseId } from "./lease-id.ts";
import type { Live, LiveLease, LiveParty } from "./live.ts";

/** What a lease id that a party names turns out to be. */
export type Claim =
  | { readonly kind: "held"; readonly lease: LiveLease }
  /** Its work is done and counted. */
  | { readonly kind: "done" }
  /** Its exchange went on without it, or its round is over. */
  | { readonly kind: "late" };

/**
 * Looks a lease up for a party. Throws ConcordError `not_found` for what is no lease, `permission_denied` for another
 * party's, and `gone` for one that was replaced by a later lease of the same work.
 */
export async function claimLease({ journal }: Context, live: Live, party: LiveParty, id: string): Promise<Claim> {
  const key = parseLeaseId(id);
  const wrong = (code: "not_found" | "permission_denied" | "gone", message: string) =>
    new ConcordError(code, message, { param: "lease" });
  if (key === undefined) throw wrong("not_found", "there is no such lease; ask for work to get one");
  if (key.party !== party.record.id) throw wrong("permission_denied", "this lease belongs to another party");
  if (party.lease?.record.id === id && isOpen(live, party.lease)) return { kind: "held", lease: party.lease };

  const { federation } = party.record;
  const { round, segment } = key;
  const { segmentRecord, evaluation, roundRecord } = await journal.read(async (tx) => ({
    segmentRecord: key.kind === "train" ? await tx.segments.get(federation, round, key.party, segment) : undefined,
    evaluation:
      key.kind === "evaluate"
        ? (await tx.evaluations.list(federation, round)).find((record) => record.party === key.party)
        : undefined,
    roundRecord: await tx.rounds.get(federation, round),
  }));
  if (segmentRecord?.outcome === "replied") return { kind: "done" };
  if (evaluation !== undefined && evaluation.evaluation !== null) return { kind: "done" };
  if (roundRecord === undefined) throw wrong("not_found", `there is no round ${round}; ask for work to get a lease`);
  const over = roundRecord.status === "finished" || roundRecord.status === "void";
  if (over || segmentRecord?.outcome === "dropped") return { kind: "late" };
  throw wrong("gone", "this lease has passed to a later one of the same work");
}

/** True while a reply to the lease would still change something. */
function isOpen({ phase }: Live, { record }: LiveLease): boolean {
  if (phase.kind === "training") {
    return (
      record.kind === "train" &&
      record.round === phase.round.round &&
      acceptsReply(phase.progress, record.party, record.segment ?? -1)
    );
  }
  return (
    phase.kind === "evaluating" &&
    record.kind === "evaluate" &&
    record.round === phase.round.round &&
    !phase.replied.has(record.party)
  );
}
