import type { ArrayTree, NDArray, TensorSpec, Tree } from "@concord/engine";
import { sqrt, square, zipTrees } from "@concord/engine";
import type { Optimizer } from "./optimizer.ts";
import { zeroState } from "./optimizer.ts";
import { arrayAt, branchAt } from "./paths.ts";

export interface AdamOptions {
  /** β₁ in [0, 1), 0.9 by default. */
  readonly beta1?: number | undefined;
  /** β₂ in [0, 1), 0.999 by default. */
  readonly beta2?: number | undefined;
  /** ε > 0, added to the root; 1e-8 by default. */
  readonly epsilon?: number | undefined;
  /** λ ≥ 0; 0 by default. */
  readonly weightDecay?: number | undefined;
}

/**
 * Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1) with bias correction, as torch.optim.Adam has it: weight decay
 * is an L2 penalty, added to the gradient. The state is that of {@link moments}.
 */
export function adam({ weightDecay = 0, ...options }: AdamOptions = {}): Optimizer {
  const { state, advance } = moments(options);
  return {
    state,
    init: (parameters) => zeroState(state(parameters)),
    update(gradient, before, parameters, learningRate) {
      const g = weightDecay === 0 ? gradient : zipTrees(gradient, parameters, (a, p) => a.add(p.mul(weightDecay)));
      const { change, after } = advance(g, before, learningRate);
      return { parameters: zipTrees(parameters, change, (p, d) => p.sub(d)), state: after };
    },
  };
}

/** The running moments of Adam: what the rule keeps, and how a gradient moves it. */
export interface Moments {
  readonly state: (parameters: Tree<TensorSpec>) => Tree<TensorSpec>;
  /** η m̂ / (√v̂ + ε) for each parameter with the learning rate η, and the state after this step. */
  readonly advance: (
    gradient: ArrayTree,
    before: ArrayTree,
    learningRate: NDArray,
  ) => { change: ArrayTree; after: ArrayTree };
}

/**
 * m ← β₁ m + (1 − β₁) g and v ← β₂ v + (1 − β₂) g², with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ).
 *
 * The state is `{ first, second, firstWeight, secondWeight }`: m and v for each parameter, and two float32 scalars for
 * 1 − β₁ᵗ and 1 − β₂ᵗ. The scalars are the same running averages of the constant 1 and take the place of a step counter:
 * float32 would lose four digits in 1 − 0.999ᵗ, and what rounding does to β does to both and cancels in the ratio.
 *
 * The corrections are put where they are numbers, not tensors: with a = 1 − β₁ᵗ and b = 1 − β₂ᵗ,
 * η m̂ / (√v̂ + ε) = (η √b / a) m / (√v + ε √b), which saves two passes over every parameter.
 */
export function moments({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): Moments {
  const average = (old: NDArray, value: NDArray | number, beta: number) =>
    old.mul(beta).add(typeof value === "number" ? value * (1 - beta) : value.mul(1 - beta));
  return {
    state: (parameters) => ({
      first: parameters,
      second: parameters,
      firstWeight: { dtype: "float32", shape: [] },
      secondWeight: { dtype: "float32", shape: [] },
    }),
    advance(gradient, before, learningRate) {
      const first = zipTrees(branchAt(before, "first"), gradient, (m, g) => average(m, g, beta1));
      const second = zipTrees(branchAt(before, "second"), gradient, (v, g) => average(v, square(g), beta2));
      const firstWeight = average(arrayAt(before, "firstWeight"), 1, beta1);
      const secondWeight = average(arrayAt(before, "secondWeight"), 1, beta2);
      const rootWeight = sqrt(secondWeight);
      const [scale, offset] = [learningRate.mul(rootWeight).div(firstWeight), rootWeight.mul(epsilon)];
      const change = zipTrees(first, second, (m, v) => m.mul(scale).div(sqrt(v).add(offset)));
      return { change, after: { first, second, firstWeight, secondWeight } };
    },
  };
}
