import { totalTraffic } from "@concord/federation";
import { means } from "@concord/learning";
import type { Context } from "../context.ts";
import type { EvaluationRecord, RoundResult, SegmentRecord } from "../store/contract.ts";
import { markMissing } from "./enforce-deadlines.ts";
import type { Evaluating, Live } from "./live.ts";
import { dropLease } from "./live.ts";
import { missedSteps } from "./missed-steps.ts";
import { transferred } from "./transfers.ts";

/** Ends a round when its evaluators have replied, or when they had time enough. */
export async function finishRound({ journal }: Context, live: Live, now: number): Promise<boolean> {
  const { phase } = live;
  if (phase.kind !== "evaluating") return false;
  const silent = phase.evaluators.filter((id) => !phase.replied.has(id));
  const awaited = silent.filter((id) => live.parties.get(id)?.record.status === "active");
  if (awaited.length > 0 && now < evaluationEnds(live, phase)) return false;

  const { id, spec } = live.record;
  const { round, plan, startedAt } = phase.round;
  const ends = round >= spec.rounds;
  await journal.commit(async (tx, emit) => {
    for (const party of silent) {
      await tx.evaluations.insert({ federation: id, round, party, evaluation: null });
      const traffic = transferred(live.parties.get(party)?.lease);
      if (traffic !== undefined) await tx.traffic.add({ federation: id, party, round, purpose: "evaluate", traffic });
    }
    for (const lease of await tx.leases.list(id)) await tx.leases.delete(lease.id);
    const segments = await tx.segments.list(id, round);
    const evaluations = await tx.evaluations.list(id, round);
    const wire = totalTraffic((await tx.traffic.byParty(id)).map(({ traffic }) => traffic));
    const result: RoundResult = {
      trainLoss: trainLoss(phase, segments),
      ...measured(evaluations),
      completed: phase.completed,
      missed: missedSteps(plan, segments),
      wireUp: wire.wireUp,
      wireDown: wire.wireDown,
    };
    await tx.rounds.update(id, round, { status: "finished", endedAt: now, result });
    await tx.federations.update(id, { round, ...(ends ? { status: "finished" } : {}) });
    await emit({
      type: "round.finished",
      federation: id,
      round,
      accuracy: result.accuracy,
      loss: result.loss,
      trainLoss: result.trainLoss,
      evaluatedExamples: result.evaluatedExamples,
      parties: plan.members.length,
      seconds: (now - startedAt) / 1000,
      wireUp: result.wireUp,
      wireDown: result.wireDown,
    });
    if (ends) await emit({ type: "federation.finished", federation: id, rounds: round });
  });
  live.record = { ...live.record, round, ...(ends ? { status: "finished" } : {}) };
  live.phase = { kind: ends ? "ended" : "idle" };
  markMissing(live, awaited);
  for (const party of live.parties.values()) dropLease(party);
  return true;
}

/** The instant at which the evaluation of a round runs out. */
export function evaluationEnds(live: Live, phase: Evaluating): number {
  return phase.since + 1000 * live.record.spec.exchangeDeadline;
}

/** Mean training loss of the last segments, weighted by examples: Σ n_i ℓ_i / Σ n_i over the parties that completed. */
function trainLoss({ round, completed }: Evaluating, segments: readonly SegmentRecord[]): number | null {
  let sum = 0;
  let examples = 0;
  for (const member of round.plan.members) {
    const last = member.exchanges.length - 1;
    const record = segments.find(({ party, segment }) => party === member.party && segment === last);
    if (!completed.includes(member.party) || record?.loss == null) continue;
    sum += member.examples * record.loss;
    examples += member.examples;
  }
  return examples === 0 ? null : sum / examples;
}

/** Sums added in party order: the bits of a result do not hang on who replied first. */
function measured(evaluations: readonly EvaluationRecord[]) {
  const present = evaluations.flatMap(({ evaluation }) => (evaluation === null ? [] : [evaluation]));
  const { accuracy, loss, examples } = means(present);
  return { accuracy, loss, evaluatedParties: present.length, evaluatedExamples: examples };
}
