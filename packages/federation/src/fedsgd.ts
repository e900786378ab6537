import type { Algorithm } from "./algorithm.ts";
import type { AveragingConfig } from "./fedavg.ts";
import { averaging } from "./fedavg.ts";

/**
 * Federated SGD (McMahan et al. 2017, section 2): the parties exchange after every local step.
 *
 * Averaging w − η g_i by n_i is a step on the weighted mean gradient, so with equal party sizes, all parties active and
 * plain SGD this is centralised SGD on the joint batch. With momentum each party keeps its own velocity through the round.
 */
export function fedsgd(config: AveragingConfig): Algorithm {
  return averaging("fedsgd", config, (T) => Array.from({ length: T }, (_, step) => step + 1));
}
