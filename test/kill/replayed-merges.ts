import { encodeSafetensors } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import {
  type Algorithm,
  algorithmOf,
  type CoordinatorState,
  createTrainer,
  type FederationSpec,
  federationKeys,
  initialCheckpoint,
  type Member,
  type PrivateTree,
  type RoundPlan,
  segmentOf,
} from "@concord/federation";
import { buildTask } from "@concord/learning";
import { blobId, type ConcordEvent, stepsOf } from "@concord/protocol";
import { dataOf } from "./small-federation.ts";

/** A round of which the log has told so far. */
interface Replayed {
  readonly plan: RoundPlan;
  /** The state after each exchange; 0 is the state before the first. */
  readonly states: Map<number, CoordinatorState>;
  /** The private states of the parties after their last segment that counted. */
  readonly privateStates: Map<string, PrivateTree>;
}

/**
 * The model that the algorithm gives if exactly the merges of an event log are made, each with exactly the parties that it
 * names: one update that was lost, or counted twice, gives other bits. Returns its SHA-256.
 *
 * A party that missed an exchange is taken to have lost what it did for it, as one that was killed before it trained has.
 */
export async function replayedMerges(spec: FederationSpec, events: readonly ConcordEvent[]): Promise<string> {
  const algorithm = algorithmOf(spec.algorithm);
  const task = buildTask(spec.task);
  const trainer = await createTrainer(await engineFor(), task);
  const keys = federationKeys(spec.seed);
  let { state } = initialCheckpoint(spec);
  let round: Replayed | undefined;
  for (const event of events) {
    if (event.type === "round.started") {
      round = { plan: planOf(event), states: new Map([[0, state]]), privateStates: new Map() };
    }
    if (event.type !== "exchange.merged" || round === undefined) continue;
    const { plan, states, privateStates } = round;
    const { step } = event;
    const updates = [];
    for (const party of event.parties) {
      const { train } = dataOf(party);
      const segment = segmentEndingAt(plan.members, party, step);
      const { update, privateState } = await algorithm.train({
        task,
        trainer,
        plan,
        segment,
        model: downloadFor(algorithm, states, segment),
        privateState: privateStates.get(party),
        data: train,
        key: keys.party(party),
        secret: keys.simulatedSecret(party),
      });
      privateStates.set(party, privateState);
      updates.push({ party, examples: train.size, tensors: update });
    }
    const last = step === plan.steps;
    if (updates.length > 0) state = algorithm.merge(state, { round: plan.round, plan, step, last, updates });
    if (last) state = algorithm.finish(state, { plan, completed: event.parties });
    states.set(step, state);
  }
  return blobId(encodeSafetensors(state.model));
}

function planOf({
  round,
  steps,
  members,
  schedules = [],
}: Extract<ConcordEvent, { type: "round.started" }>): RoundPlan {
  const exchangesOf = (party: string) =>
    stepsOf(schedules.find(({ parties }) => parties.includes(party))?.exchanges ?? []);
  return {
    round,
    steps,
    members: members.map((party) => ({ party, examples: dataOf(party).train.size, exchanges: exchangesOf(party) })),
  };
}

function segmentEndingAt(members: readonly Member[], party: string, step: number) {
  const member = members.find((candidate) => candidate.party === party);
  const segment = member && segmentOf(member, member.exchanges.indexOf(step));
  if (segment === undefined) throw new Error(`"${party}" does not exchange at step ${step}`);
  return segment;
}

function downloadFor(
  algorithm: Algorithm,
  states: ReadonlyMap<number, CoordinatorState>,
  segment: ReturnType<typeof segmentEndingAt>,
) {
  const state = states.get(segment.from);
  if (state === undefined) throw new Error(`there was no exchange at step ${segment.from}`);
  return algorithm.download(state, segment);
}
