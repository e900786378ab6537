import { ConcordError } from "@concord/protocol";
import type { Context } from "../context.ts";
import type { Live } from "./live.ts";
import { dropLease, hasEnded } from "./live.ts";
import { getState } from "./states.ts";

/** Ends a federation before its last round, for good. The round under way is void: its state goes back to before it. */
export async function stopFederation({ journal, depot, clock }: Context, live: Live, reason: string): Promise<void> {
  const { id } = live.record;
  if (hasEnded(live)) throw new ConcordError("failed_precondition", `federation "${id}" has ended already`);
  const { phase } = live;
  const underWay = phase.kind === "training" || phase.kind === "evaluating" ? phase.round : undefined;
  const change = {
    status: "stopped" as const,
    ...(underWay === undefined ? {} : { round: underWay.round, state: underWay.stateBefore }),
  };
  const state = underWay === undefined ? live.state : await getState(depot, underWay.stateBefore, id);
  await journal.commit(async (tx, emit) => {
    await tx.federations.update(id, change);
    for (const lease of await tx.leases.list(id)) await tx.leases.delete(lease.id);
    if (underWay !== undefined) {
      const { round } = underWay;
      await tx.rounds.update(id, round, { status: "void", endedAt: clock.now() });
      await emit({ type: "round.void", federation: id, round, reason: "the federation was stopped" });
    }
    await emit({ type: "federation.stopped", federation: id, reason });
  });
  live.record = { ...live.record, ...change };
  live.state = state;
  live.downloads.clear();
  live.phase = { kind: "ended" };
  for (const party of live.parties.values()) dropLease(party);
}
