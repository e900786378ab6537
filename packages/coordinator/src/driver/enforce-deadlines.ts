import type { Exchange } from "@concord/federation";
import { drop, nextExchange, reachesQuorum } from "@concord/federation";
import type { Context } from "../context.ts";
import type { Emit } from "../journal.ts";
import type { Transaction } from "../store/contract.ts";
import type { Live, LiveParty, Training } from "./live.ts";
import { dropLease, lastHeard } from "./live.ts";
import { transferred } from "./transfers.ts";
import { voidRound } from "./void-round.ts";

/**
 * Drops the parties that an exchange need not wait for at this instant, or gives the round up. Returns true if something
 * has changed.
 *
 * - A party that has left, paused or is absent does not count for the quorum, and is dropped when nobody else is awaited:
 *   until then it may come back.
 * - The quorum is of the round's members: those who are not due yet count as there, so that a small group that exchanges
 *   often cannot hold up the rest of the round.
 * - After the deadline of the exchange those who are late are dropped as soon as the quorum is there.
 * - A round that has no quorum at its own deadline, or nobody left to wait for, is void. An exchange that all who were due
 *   have missed is empty if others still train towards a later one.
 */
export async function enforceDeadlines(context: Context, live: Live, now: number): Promise<boolean> {
  const { phase } = live;
  if (phase.kind !== "training") return false;
  const exchange = nextExchange(phase.progress);
  if (exchange === undefined) return false;

  const { awaited, replied } = exchange;
  const later = presentLater(live, phase, exchange);
  if (awaited.length === 0) {
    if (replied.length + later > 0) return false;
    await voidRound(context, live, phase, `nobody was left to reply at step ${exchange.step}`);
    return true;
  }
  const present = awaited.filter((id) => live.parties.get(id)?.record.status === "active");
  if (present.length === 0) {
    await dropParties(context, live, phase, exchange, () => "");
    return true;
  }

  const { quorum, exchangeDeadline, roundDeadline } = live.record.spec;
  const { exchange: exchangeEnds, round: roundEnds } = deadlines(live, phase);
  if (now < Math.min(exchangeEnds, roundEnds)) return false;
  const due = replied.length + present.length;
  if (reachesQuorum(quorum, replied.length + later, due + later)) {
    const after = now >= exchangeEnds ? exchangeDeadline : roundDeadline;
    await dropParties(context, live, phase, exchange, () => `did not reply within ${after} s`);
    return true;
  }
  if (now < roundEnds) return false;
  markMissing(live, present);
  const needed = quorum === "all" ? "all of them" : `${Math.ceil(quorum * (due + later) - 1e-9) - later}`;
  const count = `${replied.length} of ${due} parties replied at step ${exchange.step} within ${roundDeadline} s`;
  await voidRound(context, live, phase, `${count}, the quorum is ${needed}`);
  return true;
}

/** How many members are there and not due at this exchange, but at a later one. */
function presentLater(live: Live, { progress }: Training, { step }: Exchange): number {
  return [...progress.members].filter(([id, { member, segment }]) => {
    const due = member.exchanges[segment];
    return due !== undefined && due > step && live.parties.get(id)?.record.status === "active";
  }).length;
}

/** The instants at which the exchange that comes next and the round run out. */
export function deadlines(live: Live, phase: Training): { readonly exchange: number; readonly round: number } {
  const { exchangeDeadline, roundDeadline } = live.record.spec;
  return { exchange: phase.exchangeSince + 1000 * exchangeDeadline, round: phase.roundSince + 1000 * roundDeadline };
}

/** Those who were awaited in vain become absent unless they are heard from within a lease. */
export async function noteAbsent({ journal }: Context, live: Live, now: number): Promise<boolean> {
  const { leaseSeconds } = live.record.spec;
  const silent = [...live.parties.values()].filter((party) => now >= (absentAt(live, party, now) ?? Infinity));
  if (silent.length === 0) return false;
  await journal.commit(async (tx, emit) => {
    for (const { record } of silent) {
      const { federation, id: party } = record;
      await tx.parties.setStatus(federation, party, "absent");
      const reason = `not heard from for ${leaseSeconds} s`;
      await emit({ type: "party.status", federation, party, status: "absent", reason });
    }
  });
  for (const party of silent) party.record = { ...party.record, status: "absent" };
  return true;
}

/** When a party will count as absent if it stays silent; undefined if nobody waits for it. */
export function absentAt(live: Live, party: LiveParty, now: number): number | undefined {
  if (!party.missing || party.record.status !== "active") return undefined;
  return lastHeard(party, now) + 1000 * live.record.spec.leaseSeconds;
}

export function markMissing(live: Live, parties: readonly string[]): void {
  for (const id of parties) {
    const party = live.parties.get(id);
    if (party !== undefined) party.missing = true;
  }
}

/** Drops everybody who is awaited; `why` says it of those who are there. */
async function dropParties(
  { journal, clock }: Context,
  live: Live,
  phase: Training,
  exchange: Exchange,
  why: () => string,
): Promise<void> {
  const parties = exchange.awaited;
  await journal.commit(async (tx, emit) => {
    for (const party of parties) await dropOne(tx, emit, party);
  });
  live.phase = { ...phase, progress: parties.reduce(drop, phase.progress) };
  markMissing(live, parties);
  for (const id of parties) {
    const party = live.parties.get(id);
    if (party === undefined) continue;
    party.missed++;
    dropLease(party);
  }

  async function dropOne(tx: Transaction, emit: Emit, party: string): Promise<void> {
    const { federation, round } = phase.round;
    const segment = phase.progress.members.get(party)?.segment ?? 0;
    const outcome = { federation, round, party, segment, outcome: "dropped", update: null, loss: null } as const;
    await tx.segments.insert({ ...outcome, at: clock.now() });
    // What went over the wire in vain is counted too: the party has paid for it.
    const traffic = transferred(live.parties.get(party)?.lease);
    if (traffic !== undefined) await tx.traffic.add({ federation, party, round, purpose: "train", traffic });
    const reason = `it ${absence(live.parties.get(party)) ?? why()}`;
    await emit({ type: "party.dropped", federation, party, round, step: exchange.step, reason });
  }
}

function absence(party: LiveParty | undefined): string | undefined {
  switch (party?.record.status) {
    case "active":
      return undefined;
    case "paused":
      return "has paused";
    case "absent":
      return "is absent";
    default:
      return "has left";
  }
}
