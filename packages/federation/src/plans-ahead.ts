import { buildTask } from "@concord/learning";
import type { CoordinatorState } from "./algorithm.ts";
import { equalByteExchanges } from "./controls.ts";
import { federationKeys } from "./keys.ts";
import type { PartyProfile } from "./party.ts";
import { inPartyOrder } from "./party.ts";
import type { RoundPlan } from "./plan.ts";
import { algorithmOf } from "./registry.ts";
import type { FederationSpec } from "./spec.ts";

/**
 * The plans of all rounds of a federation in which everybody stays to the end, without training: who takes part follows
 * from the seed and from what the parties declare. An algorithm whose choice depended on the model would need the training.
 */
export function* plansAhead(spec: FederationSpec, parties: readonly PartyProfile[]): Generator<RoundPlan, void, void> {
  const algorithm = algorithmOf(spec.algorithm);
  const keys = federationKeys(spec.seed);
  const profiles = inPartyOrder(parties);
  let state: CoordinatorState = algorithm.init({ task: buildTask(spec.task), key: keys.init });
  for (let round = 1; round <= spec.rounds; round++) {
    const plan = algorithm.select(state, { round, candidates: profiles, parties: profiles, key: keys.select(round) });
    yield plan;
    state = algorithm.finish(state, { plan, completed: plan.members.map(({ party }) => party) });
  }
}

/** E of the controls (`fedavgShort`, `fedavgInner`) that cost as many bytes as this federation does, over all its rounds. */
export function exchangesForEqualBytes(spec: FederationSpec, parties: readonly PartyProfile[]): number {
  const active = Math.min(spec.algorithm.activeParties ?? parties.length, parties.length);
  return equalByteExchanges(
    [...plansAhead(spec, parties)].flatMap(({ members }) => [
      ...members.map(({ exchanges }) => ({ parties: 1, exchanges: exchanges.length })),
      // Drawn but left out: the controls have them exchange like the others.
      { parties: active - members.length, exchanges: 0 },
    ]),
  );
}
