import type { TaskSpec } from "@concord/learning";

/**
 * ‖a‖₁: how much the gradients of τ steps of SGD weigh together in the change that they make, in units of the learning
 * rate. The step k of τ counts a_k = 1 + ρ + … + ρ^(τ−k) with momentum ρ, since the velocity carries it on, hence
 *
 *     ‖a‖₁ = (τ − ρ (1 − ρ^τ) / (1 − ρ)) / (1 − ρ)
 *
 * (Wang, Liu, Liang, Joshi and Poor, NeurIPS 2020, section 4). It is τ for plain SGD. Nesterov's velocity is one step ahead: a_k
 * has one power more, and ρ² takes the place of the first ρ. Throws RangeError for optimisers whose steps are not linear
 * in the gradients.
 */
export function gradientWeight(optimizer: TaskSpec["optimizer"], steps: number): number {
  if (optimizer.kind !== "sgd") {
    throw new RangeError(`the steps of ${optimizer.kind} are not linear in the gradients; expected sgd`);
  }
  const { momentum: rho = 0, nesterov = false } = optimizer;
  const lag = nesterov ? rho ** 2 : rho;
  return (steps - (lag * (1 - rho ** steps)) / (1 - rho)) / (1 - rho);
}
