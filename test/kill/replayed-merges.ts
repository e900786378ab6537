import { encodeSafetensors } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import {
  algorithmOf,
  createTrainer,
  type FederationSpec,
  federationKeys,
  initialCheckpoint,
} from "@concord/federation";
import { buildTask } from "@concord/learning";
import { blobId, type ConcordEvent } from "@concord/protocol";
import { dataOf } from "./small-federation.ts";

/**
 * The model that federated averaging gives if exactly the merges of an event log are made, each with exactly the parties
 * that it names: one update that was lost, or counted twice, gives other bits. Returns its SHA-256.
 */
export async function replayedMerges(spec: FederationSpec, events: readonly ConcordEvent[]): Promise<string> {
  const algorithm = algorithmOf(spec.algorithm);
  const task = buildTask(spec.task);
  const trainer = await createTrainer(await engineFor(), task);
  const keys = federationKeys(spec.seed);
  const steps = spec.algorithm.localSteps;
  let { state } = initialCheckpoint(spec);
  for (const event of events) {
    if (event.type !== "exchange.merged") continue;
    const { round, step } = event;
    const updates = [];
    for (const party of event.parties) {
      const { train } = dataOf(party);
      const { update } = await algorithm.train({
        task,
        trainer,
        plan: { round, steps },
        segment: { party, index: 0, from: 0, to: step },
        model: state.model,
        privateState: undefined,
        data: train,
        key: keys.party(party),
      });
      updates.push({ party, examples: train.size, tensors: update });
    }
    const members = updates.map(({ party, examples }) => ({ party, examples, exchanges: [step] }));
    state = algorithm.merge(state, { round, plan: { round, steps, members }, step, last: true, updates });
  }
  return blobId(encodeSafetensors(state.model));
}
