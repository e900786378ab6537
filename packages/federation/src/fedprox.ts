import type { Algorithm } from "./algorithm.ts";
import { correctedStep } from "./corrected-step.ts";
import type { AveragingConfig } from "./fedavg.ts";
import { fedavg } from "./fedavg.ts";
import { localSteps } from "./local-steps.ts";

export interface FedProxConfig extends AveragingConfig {
  /** μ ≥ 0: how strongly a party is held at the global model; 0 is FedAvg. */
  readonly mu: number;
}

/**
 * FedProx (Li, Sahu, Zaheer, Sanjabi, Talwalkar and Smith, "Federated Optimization in Heterogeneous Networks", MLSys
 * 2020, Algorithm 2): FedAvg, but a party descends on F_i(w) + μ/2 ‖w − w_t‖² with the global model w_t of the round.
 *
 * The paper lets every party stop at an inexactness γ of its own; here each makes the same T local steps. Where it draws
 * parties by their size and takes a plain mean, we draw uniformly and weight by n_i, as our FedAvg does.
 */
export function fedprox({ mu, ...config }: FedProxConfig): Algorithm {
  const stepOf = correctedStep({ pull: mu });
  return {
    ...fedavg(config),
    name: "fedprox",
    train: (context) => localSteps(context, { step: stepOf(context.task), constants: { anchor: context.model } }),
  };
}
