import type { FederationView } from "@concord/protocol";
import { formatCount, plural } from "../format/numbers.ts";

type Spec = FederationView["spec"];

const ALGORITHM = {
  dynamicfl: "DynamicFL",
  fedavg: "Federated averaging",
  "fedavg-inner": "Federated averaging with exchanges inside the round",
  "fedavg-short": "Federated averaging in short rounds",
  feddyn: "FedDyn",
  fednova: "FedNova",
  fedprox: "FedProx",
  fedsgd: "Federated SGD",
  personalfr: "PersonalFR",
  scaffold: "SCAFFOLD",
} as const satisfies Record<Spec["algorithm"]["kind"], string>;

/** The algorithm and its schedule: "Federated averaging, 20 local steps a round, 10 parties drawn". */
export function algorithmWords({ algorithm: { kind, localSteps, activeParties } }: Spec): string {
  const drawn = activeParties === undefined ? "" : `, ${plural(activeParties, "party", "parties")} drawn`;
  return `${ALGORITHM[kind]}, ${plural(localSteps, "local step")} a round${drawn}`;
}

/** The model: "MLP 784-200-10". */
export function modelWords({ task: { model, inputShape, outputs } }: Spec): string {
  const inputs = inputShape.reduce((product, axis) => product * axis, 1);
  switch (model.kind) {
    case "softmax":
      return `softmax regression ${inputs}-${outputs}`;
    case "mlp":
      return `MLP ${[inputs, ...model.hidden, outputs].join("-")}`;
    case "lenet":
      return `LeNet CNN on ${inputShape.join("×")}`;
    case "autoencoder":
      return `autoencoder ${[inputs, model.hidden, model.code, model.hidden, outputs].join("-")}`;
  }
}

/** The model with its size. */
export function modelSizeWords(spec: Spec, parameters: number): string {
  return `${modelWords(spec)}, ${formatCount(parameters)} parameters`;
}

/** True for a data set that a program made up; such a set says so in its name. */
export function isGenerated(dataset: string): boolean {
  return /\bgenerated\b/i.test(dataset);
}
