import type { Purpose, Traffic } from "@concord/federation";
import { addTraffic, inPartyOrder, NO_TRAFFIC, totalTraffic } from "@concord/federation";
import { parameterCount } from "@concord/learning";
import type { FederationView, PartyView, RoundView } from "@concord/protocol";
import { ConcordError, scheduleOf } from "@concord/protocol";
import type { Context } from "./context.ts";
import type { Driver } from "./driver/driver.ts";
import type { Live, LiveParty, Phase } from "./driver/live.ts";
import { lastHeard } from "./driver/live.ts";
import { missedSteps } from "./driver/missed-steps.ts";
import type { RoundRecord, SegmentRecord, TrafficRecord } from "./store/contract.ts";

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
  const { rounds, rows, segments } = await journal.read(async (tx) => {
    const rounds = await tx.rounds.list(id, page);
    const segments = new Map<number, readonly SegmentRecord[]>();
    for (const { round, result } of rounds) {
      if (result?.missed === undefined) segments.set(round, await tx.segments.list(id, round));
    }
    // A round without a result has no totals of its own: they are added up.
    const open = rounds.some(({ result }) => result === null);
    return { rounds, segments, rows: open ? [...(await tx.traffic.list(id)), ...meter.pending(id)] : [] };
  });
  return rounds.map((record) => roundView(live, record, rows, segments.get(record.round) ?? []));
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

/** `segments` are those of the round, where its result does not tell what became of them. */
function roundView(
  { phase }: Live,
  record: RoundRecord,
  rows: readonly TrafficRecord[],
  segments: readonly SegmentRecord[],
): RoundView {
  const { round, status, startedAt, endedAt, plan, result } = record;
  const missed = result?.missed ?? missedSteps(plan, segments);
  const underWay = phase.kind === "evaluating" && phase.round.round === round ? phase.completed : [];
  const completed = new Set(result?.completed ?? underWay);
  const wire = result ?? totalTraffic(rows.filter((row) => row.round <= round).map(({ traffic }) => traffic));
  const evaluated = result !== null && result.evaluatedParties > 0;
  return {
    round,
    status,
    startedAt: instant(startedAt),
    endedAt: endedAt === null ? null : instant(endedAt),
    steps: plan.steps,
    members: plan.members.map(({ party, exchanges }) => ({
      party,
      exchanges: [...scheduleOf(exchanges)],
      reached: status === "finished" ? plan.steps : reachedStep(exchanges, party, segments),
      missed: [...(missed[party] ?? [])],
      completed: completed.has(party),
    })),
    group: plan.group === undefined ? null : { ...plan.group, parties: [...plan.group.parties] },
    merged: mergedStep(phase, record),
    trainLoss: result?.trainLoss ?? null,
    accuracy: result?.accuracy ?? null,
    loss: result?.loss ?? null,
    evaluated: evaluated ? { parties: result.evaluatedParties, examples: result.evaluatedExamples } : null,
    wireUp: wire.wireUp,
    wireDown: wire.wireDown,
  };
}

/** The last exchange of a party of which the outcome is known. */
function reachedStep(exchanges: readonly number[], party: string, segments: readonly SegmentRecord[]): number {
  const known = segments.filter((record) => record.party === party).length;
  return known === 0 ? 0 : (exchanges[known - 1] ?? 0);
}

/** The last step whose exchange is over. */
function mergedStep(phase: Phase, { round, status, plan }: RoundRecord): number {
  if (status === "finished" || status === "evaluating") return plan.steps;
  if (phase.kind !== "training" || phase.round.round !== round) return 0;
  return Math.max(...phase.states.keys());
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
