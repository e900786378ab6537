import type { Purpose, Traffic } from "@concord/federation";
import { addTraffic, inPartyOrder, NO_TRAFFIC, totalTraffic } from "@concord/federation";
import { parameterCount } from "@concord/learning";
import type { FederationView, PartyView, RoundView } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { Context } from "./context.ts";
import type { Driver } from "./driver/driver.ts";
import type { Live, LiveParty } from "./driver/live.ts";
import { lastHeard } from "./driver/live.ts";
import type { RoundRecord, TrafficRecord } from "./store/contract.ts";

/** A federation as viewers see it. */
export async function federationView(driver: Driver): Promise<FederationView> {
  const { record, task } = driver.live;
  const { sha256, content } = await driver.model();
  const whose = record.spec.evaluation.parties === "all" ? "all parties" : "the parties of the round";
  return {
    id: record.id,
    spec: record.spec,
    status: record.status,
    createdAt: instant(record.createdAt),
    round: record.round,
    parameters: parameterCount(task.model),
    model: { sha256, bytes: content.length },
    accuracySource: `held-out examples of ${whose}`,
  };
}

/** The parties of a federation in party order. */
export async function partyViews(context: Context, { live }: Driver): Promise<PartyView[]> {
  const traffic = await trafficByParty(context, live.record.id);
  return inPartyOrder([...live.parties.values()].map((party) => partyView(context, live, party, traffic)));
}

/** One party, for itself. */
export async function ownView(context: Context, { live }: Driver, id: string): Promise<PartyView> {
  const party = live.parties.get(id);
  if (party === undefined) throw new ConcordError("not_found", `there is no party "${id}"`);
  return partyView(context, live, party, await trafficByParty(context, live.record.id));
}

/** Rounds in their order, those after `after`, at most `limit`. */
export async function roundViews(
  { journal, meter }: Context,
  { live }: Driver,
  page: { readonly after: number; readonly limit: number },
): Promise<RoundView[]> {
  const { id } = live.record;
  const { rounds, rows } = await journal.read(async (tx) => {
    const rounds = await tx.rounds.list(id, page);
    // A round without a result has no totals of its own: they are added up.
    const open = rounds.some(({ result }) => result === null);
    return { rounds, rows: open ? [...(await tx.traffic.list(id)), ...meter.pending(id)] : [] };
  });
  return rounds.map((record) => roundView(live, record, rows));
}

function partyView(
  { clock }: Context,
  live: Live,
  party: LiveParty,
  traffic: ReadonlyMap<string, Readonly<Record<Purpose, Traffic>>>,
): PartyView {
  const { record, lease, updates, missed } = party;
  const { id, name, status, client, examples, heldOut, labels } = record;
  const now = clock.now();
  const bytes = traffic.get(id);
  const working = lease !== undefined && lease.expiresAt > now;
  return {
    id,
    name,
    status,
    online: status !== "left" && now - lastHeard(party, now) < 1000 * live.record.spec.leaseSeconds,
    activity: !working ? "idle" : lease.record.kind === "train" ? "training" : "evaluating",
    client,
    examples,
    heldOut,
    labels: labels === null ? null : [...labels],
    joinedAt: instant(record.joinedAt),
    updates,
    missed,
    train: bytes?.train ?? NO_TRAFFIC,
    evaluate: bytes?.evaluate ?? NO_TRAFFIC,
  };
}

function roundView({ phase }: Live, record: RoundRecord, rows: readonly TrafficRecord[]): RoundView {
  const { round, status, startedAt, endedAt, plan, result } = record;
  const underWay = phase.kind === "evaluating" && phase.round.round === round ? phase.completed : [];
  const completed = new Set(result?.completed ?? underWay);
  const wire = result ?? totalTraffic(rows.filter((row) => row.round <= round).map(({ traffic }) => traffic));
  const evaluated = result !== null && result.evaluatedParties > 0;
  return {
    round,
    status,
    startedAt: instant(startedAt),
    endedAt: endedAt === null ? null : instant(endedAt),
    members: plan.members.map(({ party, exchanges }) => ({
      party,
      exchanges: [...exchanges],
      completed: completed.has(party),
    })),
    trainLoss: result?.trainLoss ?? null,
    accuracy: result?.accuracy ?? null,
    loss: result?.loss ?? null,
    evaluated: evaluated ? { parties: result.evaluatedParties, examples: result.evaluatedExamples } : null,
    wireUp: wire.wireUp,
    wireDown: wire.wireDown,
  };
}

async function trafficByParty({ journal, meter }: Context, federation: string) {
  const stored = await journal.read((tx) => tx.traffic.byParty(federation));
  const totals = new Map<string, Record<Purpose, Traffic>>();
  for (const { party, purpose, traffic } of [...stored, ...meter.pending(federation)]) {
    const before = totals.get(party) ?? { train: NO_TRAFFIC, evaluate: NO_TRAFFIC };
    totals.set(party, { ...before, [purpose]: addTraffic(before[purpose], traffic) });
  }
  return totals;
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
