import { encodeSafetensors, float32, int32, key, rng, split } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import {
  algorithmOf,
  type FederationSpec,
  federationSpecSchema,
  inlineExecutor,
  type SimulatedParty,
  simulate,
} from "@concord/federation";
import { buildTask, type Dataset, dataset } from "@concord/learning";
import { blobId } from "@concord/protocol";

/** A federation whose rounds take milliseconds, so that processes are killed many times in a short run. */

export const FEDERATION = "clouds";
export const PARTIES = ["north", "south", "west"];
/** 4 inputs, 8 hidden units, 3 classes: 4 · 8 + 8 + 8 · 3 + 3 parameters in float32. */
export const MODEL_BYTES = 4 * (4 * 8 + 8 + 8 * 3 + 3);

/** T = 9: the fast group exchanges after 1, 2 … 7 and 9 steps (the published level a lacks T − 1), the others after 4 and 9. */
export const DYNAMICFL: AlgorithmInput = { kind: "dynamicfl", localSteps: 9, levels: ["a", "b"], p: 0.7 };
/** Exchanges of a member in a round. */
export const dynamicExchanges = (fast: boolean) => (fast ? 8 : 2);

/** As a file states it. */
type AlgorithmInput = Readonly<Record<string, unknown>>;

/** Momentum, so that a party has a private state to lose between the exchanges of a round. */
export function smallSpec(
  algorithm: AlgorithmInput,
  rounds: number,
  conditions: Partial<FederationSpec> = {},
): FederationSpec {
  return federationSpecSchema.parse({
    name: "Small",
    dataset: "three clouds",
    task: {
      model: { kind: "mlp", hidden: [8] },
      inputShape: [4],
      outputs: 3,
      loss: "cross-entropy",
      optimizer: { kind: "sgd", momentum: 0.9 },
      learningRate: 0.1,
      batchSize: 5,
    },
    algorithm,
    rounds,
    seed: 5,
    minimumParties: PARTIES.length,
    ...conditions,
  });
}

/** The examples of a party, a function of its name. */
export function dataOf(party: string): SimulatedParty & { readonly heldOut: Dataset } {
  const size = 20 + 10 * PARTIES.indexOf(party);
  return { id: party, train: clouds(size, `${party}, train`), heldOut: clouds(9, `${party}, held out`) };
}

export interface Expected {
  /** SHA-256 of the final model as safetensors. */
  readonly model: string;
  readonly accuracy: number | null;
}

/** What the simulator makes of the federation. */
export async function simulated(spec: FederationSpec): Promise<Expected> {
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), await engineFor());
  let last: Expected = { model: "", accuracy: null };
  for await (const { state, history } of simulate({ spec, parties: PARTIES.map(dataOf), executor })) {
    const model = await blobId(encodeSafetensors(state.model));
    last = { model, accuracy: history.at(-1)?.evaluation?.accuracy ?? null };
  }
  return last;
}

/** Points around three corners, labelled by the corner. */
function clouds(size: number, seed: string): Dataset {
  const r = rng(split(key("clouds"), seed));
  const labels = Array.from({ length: size }, () => r.below(3));
  const points = labels.flatMap((label) => [0, 1, 2, 3].map((axis) => (axis === label ? 1.5 : 0) + r.normal()));
  return dataset({
    name: "three clouds",
    inputShape: [4],
    inputs: { kind: "float32", data: float32([4 * size], points).data },
    y: int32([size], labels),
    classes: 3,
    generated: true,
  });
}
