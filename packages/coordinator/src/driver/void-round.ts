import type { Context } from "../context.ts";
import type { Live, Training } from "./live.ts";
import { dropLease } from "./live.ts";
import { getState } from "./states.ts";
import { transferred } from "./transfers.ts";

/**
 * Gives a round up: the state goes back to what it was when the round began. The number of the round is used up, so the
 * federation ends after the rounds it was told to make, whatever became of them.
 */
export async function voidRound(
  { journal, depot, clock }: Context,
  live: Live,
  phase: Training,
  reason: string,
): Promise<void> {
  const { id, spec } = live.record;
  const { round, stateBefore, plan } = phase.round;
  const ends = round >= spec.rounds;
  const state = live.record.state === stateBefore ? live.state : await getState(depot, stateBefore, id);
  await journal.commit(async (tx, emit) => {
    await tx.rounds.update(id, round, { status: "void", endedAt: clock.now() });
    await tx.federations.update(id, { round, state: stateBefore, ...(ends ? { status: "finished" } : {}) });
    for (const { party } of plan.members) {
      const lease = live.parties.get(party)?.lease;
      const traffic = transferred(lease);
      if (traffic !== undefined) await tx.traffic.add({ federation: id, party, round, purpose: "train", traffic });
      if (lease !== undefined) await tx.leases.delete(lease.record.id);
    }
    await emit({ type: "round.void", federation: id, round, reason });
    if (ends) await emit({ type: "federation.finished", federation: id, rounds: round });
  });
  live.record = { ...live.record, round, state: stateBefore, ...(ends ? { status: "finished" } : {}) };
  if (state !== live.state) live.downloads.clear();
  live.state = state;
  live.phase = { kind: ends ? "ended" : "idle" };
  for (const party of live.parties.values()) dropLease(party);
}
