import { decodeSafetensors } from "@concord/engine";
import type { Exchange, Update } from "@concord/federation";
import { evaluationIsDue, merged, nextExchange } from "@concord/federation";
import { ConcordError } from "@concord/protocol";
import type { Context } from "../context.ts";
import type { Live, Training } from "./live.ts";
import { activeParties } from "./live.ts";
import { putState } from "./states.ts";

/**
 * Merges the exchange that comes next if everybody it waits for has replied or was dropped. The last exchange of a round
 * also ends its training and freezes who evaluates, in the same transaction. An earlier one that all have missed leaves
 * the model as it is.
 */
export async function mergeExchange(context: Context, live: Live): Promise<boolean> {
  const { phase } = live;
  if (phase.kind !== "training") return false;
  const exchange = nextExchange(phase.progress);
  if (exchange === undefined || exchange.awaited.length > 0) return false;
  if (exchange.last && exchange.replied.length === 0) return false;

  const { journal, depot, clock } = context;
  const { id } = live.record;
  const { plan, round } = phase.round;
  const { step, last } = exchange;
  const updates = await loadUpdates(context, phase, exchange);
  const afterMerge =
    updates.length === 0 ? live.state : live.algorithm.merge(live.state, { round, plan, step, last, updates });
  const state = last ? live.algorithm.finish(afterMerge, { plan, completed: exchange.replied }) : afterMerge;
  const mergePin = await putState(depot, afterMerge);
  const statePin = state === afterMerge ? mergePin : await putState(depot, state);
  const evaluators = last ? evaluatorsOf(live, round) : null;
  try {
    await journal.commit(async (tx, emit) => {
      const { replied, dropped } = exchange;
      await tx.merges.insert({ federation: id, round, step, state: mergePin.sha256, parties: replied });
      await tx.federations.update(id, { state: statePin.sha256 });
      if (evaluators !== null) await tx.rounds.update(id, round, { status: "evaluating", evaluators });
      await emit({
        type: "exchange.merged",
        federation: id,
        round,
        step,
        parties: [...replied],
        missing: [...dropped],
      });
    });
  } finally {
    mergePin.release();
    statePin.release();
  }

  const now = clock.now();
  live.state = state;
  live.record = { ...live.record, state: statePin.sha256 };
  live.downloads.clear();
  live.phase =
    evaluators === null
      ? {
          ...phase,
          progress: merged(phase.progress),
          states: new Map(phase.states).set(step, mergePin.sha256),
          exchangeSince: now,
        }
      : {
          kind: "evaluating",
          round: { ...phase.round, status: "evaluating", evaluators },
          evaluators,
          replied: new Set(),
          completed: exchange.replied,
          since: now,
        };
  return true;
}

/** The updates of an exchange in party order, which is the order of their addition. */
async function loadUpdates({ journal, depot }: Context, phase: Training, exchange: Exchange): Promise<Update[]> {
  const { federation, round } = phase.round;
  const names = await journal.read(async (tx) => {
    const found: { party: string; examples: number; sha256: string }[] = [];
    for (const party of exchange.replied) {
      const at = phase.progress.members.get(party);
      const record = at && (await tx.segments.get(federation, round, party, at.segment));
      if (at === undefined || !record?.update)
        throw new ConcordError("internal", `round ${round}: "${party}" has no update`);
      found.push({ party, examples: at.member.examples, sha256: record.update });
    }
    return found;
  });
  const updates: Update[] = [];
  for (const { party, examples, sha256 } of names) {
    const bytes = await depot.get(sha256);
    if (bytes === undefined) {
      throw new ConcordError(
        "internal",
        `round ${round}: blob ${sha256}, the update of "${party}", is missing or damaged`,
      );
    }
    updates.push({ party, examples, tensors: decodeSafetensors(bytes).tensors });
  }
  return updates;
}

/** Who evaluates the model of a round: nobody where it is not the round's turn. */
function evaluatorsOf(live: Live, round: number): string[] {
  const { spec } = live.record;
  if (!evaluationIsDue(spec, round)) return [];
  const { phase } = live;
  const members = phase.kind === "training" ? phase.progress.members : new Map<string, unknown>();
  return activeParties(live)
    .filter(({ id, heldOut }) => heldOut > 0 && (spec.evaluation.parties === "all" || members.has(id)))
    .map(({ id }) => id);
}
