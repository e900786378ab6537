import { zipTrees } from "@concord/engine";
import type { AdamOptions } from "./adam.ts";
import { moments } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { zeroState } from "./optimizer.ts";

/**
 * AdamW: Adam whose weight decay bypasses the moments (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2), with
 * torch.optim.AdamW's convention that the decay is multiplied by the learning rate:
 *
 *     p ← p − η λ p;  p ← p − η m̂ / (√v̂ + ε)
 *
 * The weight decay is 0.01 by default, as in PyTorch; the state is that of Adam.
 */
export function adamw({ weightDecay = 0.01, ...options }: AdamOptions = {}): Optimizer {
  const { state, advance } = moments(options);
  return {
    state,
    init: (parameters) => zeroState(state(parameters)),
    update(gradient, before, parameters, learningRate) {
      const { change, after } = advance(gradient, before, learningRate);
      const kept = learningRate.mul(-weightDecay).add(1);
      const next = zipTrees(parameters, change, (p, d) => p.mul(kept).sub(d));
      return { parameters: next, state: after };
    },
  };
}
