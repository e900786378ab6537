import { zipTrees } from "@concord/engine";
import type { Optimizer } from "./optimizer.ts";
import { zeroState } from "./optimizer.ts";
import { branchAt } from "./paths.ts";

export interface SgdOptions {
  /** μ in [0, 1); 0 keeps no state. */
  readonly momentum?: number | undefined;
  /** Looks ahead along the momentum (Sutskever et al. 2013). Needs momentum. */
  readonly nesterov?: boolean | undefined;
  /** λ ≥ 0 of the L2 penalty λ/2 ‖p‖². */
  readonly weightDecay?: number | undefined;
}

/**
 * Stochastic gradient descent with PyTorch's conventions (torch.optim.SGD without dampening):
 *
 *     g ← g + λ p;  b ← μ b + g;  p ← p − η (g + μ b) with Nesterov, p − η b without
 *
 * The state is `{ momentum }`, the buffer b for each parameter, or `{}` without momentum. Since b starts at zero, the
 * first step is p − η g as in PyTorch. Throws RangeError for Nesterov without momentum.
 */
export function sgd({ momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions = {}): Optimizer {
  if (nesterov && momentum === 0) throw new RangeError("Nesterov needs a momentum > 0");
  const state: Optimizer["state"] = (parameters) => (momentum === 0 ? {} : { momentum: parameters });
  return {
    state,
    init: (parameters) => zeroState(state(parameters)),
    update(gradient, before, parameters, learningRate) {
      const g = weightDecay === 0 ? gradient : zipTrees(gradient, parameters, (a, p) => a.add(p.mul(weightDecay)));
      if (momentum === 0) {
        return { parameters: zipTrees(parameters, g, (p, a) => p.sub(a.mul(learningRate))), state: {} };
      }
      const b = zipTrees(branchAt(before, "momentum"), g, (buffer, a) => buffer.mul(momentum).add(a));
      const direction = nesterov ? zipTrees(g, b, (a, buffer) => a.add(buffer.mul(momentum))) : b;
      return {
        parameters: zipTrees(parameters, direction, (p, d) => p.sub(d.mul(learningRate))),
        state: { momentum: b },
      };
    },
  };
}
