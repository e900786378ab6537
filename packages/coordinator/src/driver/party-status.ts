import { ConcordError } from "@concord/protocol";
import type { Context } from "../context.ts";
import type { Live, LiveParty } from "./live.ts";
import { dropLease } from "./live.ts";
import { transferred } from "./transfers.ts";

/** What a party says of itself. Whoever has left stays away; setting the same status again changes nothing. */
export async function setStatus(
  { journal }: Context,
  live: Live,
  party: LiveParty,
  status: "active" | "paused" | "left",
  reason: string,
): Promise<void> {
  const { federation, id, status: before } = party.record;
  if (before === status) return;
  if (before === "left") {
    throw new ConcordError(
      "failed_precondition",
      `"${id}" has left the federation for good; join again with a new invite`,
    );
  }
  await journal.commit(async (tx, emit) => {
    await tx.parties.setStatus(federation, id, status);
    await emit({ type: "party.status", federation, party: id, status, reason });
    if (status === "left") await releaseLease();

    async function releaseLease() {
      const { lease } = party;
      if (lease === undefined) return;
      await tx.leases.delete(lease.record.id);
      // An open training segment is dropped next, which counts what was transferred for it.
      if (lease.record.kind !== "evaluate" || live.phase.kind !== "evaluating") return;
      const traffic = transferred(lease);
      const { round } = lease.record;
      if (traffic !== undefined) await tx.traffic.add({ federation, party: id, round, purpose: "evaluate", traffic });
    }
  });
  party.record = { ...party.record, status };
  if (status === "left" && party.lease?.record.kind === "evaluate") dropLease(party);
}
