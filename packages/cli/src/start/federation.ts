import type { FederationSpec } from "@concord/federation";
import { federationSpecSchema } from "@concord/federation";
import type { Dataset } from "@concord/learning";
import { taskDefaults } from "@concord/learning";

export interface StartOptions {
  readonly parties: number;
  readonly rounds: number;
  readonly localSteps: number;
  readonly seed: number;
  readonly quorum: "all" | number;
  readonly exchangeDeadline: number;
}

/** The federation that `concord start` runs: an MLP by federated averaging, on labels skewed by Dirichlet(0.3). */
export function startFederation(dataset: Dataset, options: StartOptions): FederationSpec {
  const { rounds, localSteps, seed } = options;
  return federationSpecSchema.parse({
    name: dataset.generated ? "Handwritten digits" : titleOf(dataset.name),
    dataset: dataset.name,
    task: {
      ...taskDefaults(dataset),
      model: { kind: "mlp", hidden: [128, 64] },
      optimizer: { kind: "sgd", momentum: 0.9 },
      learningRate: 0.01,
      batchSize: 32,
    },
    algorithm: { kind: "fedavg", localSteps },
    rounds,
    seed,
    ...startConditions(options),
  });
}

/** Conditions of a round among built-in parties and whoever joins them: patient with a slow tab, quick with one that is gone. */
export function startConditions({
  parties,
  quorum,
  exchangeDeadline,
}: Pick<StartOptions, "parties" | "quorum" | "exchangeDeadline">) {
  const roundDeadline = Math.max(300, 4 * exchangeDeadline);
  return { minimumParties: parties, quorum, exchangeDeadline, roundDeadline, leaseSeconds: 15 };
}

/** How the built-in parties share the data set. */
export const START_PARTITION = { kind: "dirichlet", beta: 0.3, minimum: 50 } as const;

function titleOf(name: string): string {
  return name === "fashion-mnist" ? "Fashion-MNIST" : name;
}
