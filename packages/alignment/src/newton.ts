import { boundedQuadratic } from "./bounded-quadratic.ts";
import type { Dual } from "./dual.ts";

export interface Multipliers {
  /** In terms of the scaled rows: λ_i times sd_i of the raw multipliers. */
  readonly lambda: Float64Array;
  /** max_i (λ_i > 0 ? |E_w x_i| : max(−E_w x_i, 0)): how far from the targets, in standard deviations. */
  readonly kkt: number;
  readonly iterations: number;
}

/** What counts as solved, in standard deviations of a reward. */
export const KKT_TOLERANCE = 1e-8;

/** Goes on as long as rounding allows: the multipliers are less exact than the levels where few samples carry weight. */
const AIM = 1e-12;
/** No step changes the log-weight of a sample by more than this, against flights from a flat spot. */
const LONGEST_STEP = 200;

/**
 * Minimises a dual over λ ≥ 0 by Newton steps, each the solution of the bound-constrained quadratic model, with
 * backtracking (Armijo). Where rounding hides the decrease of f, a step counts if it brings the gradient down. Converges
 * from anywhere since f is convex; where no finite minimiser exists it stops after `most` steps with the KKT error it has
 * got to. `from` is a start, for example the multipliers of a palette nearby.
 */
export function minimise(dual: Dual, k: number, from?: Float64Array, most = 300): Multipliers {
  const lambda = from ? Float64Array.from(from) : new Float64Array(k);
  const g = new Float64Array(k);
  const h = new Float64Array(k * k);
  const coordinates = Array.from(lambda.keys());
  const next = new Float64Array(k);
  const direction = new Float64Array(k);
  const gradientThere = new Float64Array(k);
  let value = dual.moveTo(lambda);
  dual.gradient(g);
  let kkt = kktError(lambda, g);
  let best = { lambda: Float64Array.from(lambda), kkt };
  let iterations = 0;
  let moved = true;

  for (; iterations < most && kkt > AIM; iterations++) {
    // A multiplier of 0 whose gradient keeps it there waits for the next step.
    const free = coordinates.filter((i) => (lambda[i] as number) > 0 || (g[i] as number) < 0);
    dual.hessian(g, h, free);
    newtonPoint(lambda, g, h, free, next);
    let slope = 0;
    for (let i = 0; i < k; i++) {
      direction[i] = (next[i] as number) - (lambda[i] as number);
      slope += (g[i] as number) * (direction[i] as number);
    }
    const longest = dual.aim(direction);
    if (!(slope < 0) || longest === 0) break;

    let alpha = Math.min(1, LONGEST_STEP / longest);
    moved = false;
    for (let halving = 0; halving < 60; halving++, alpha /= 2) {
      const there = dual.tryStep(alpha);
      if (there <= value + 1e-4 * alpha * slope) {
        moved = true;
      } else if (there <= value + 1e-13 * (1 + Math.abs(value))) {
        dual.gradient(gradientThere);
        let slopeThere = 0;
        for (let i = 0; i < k; i++) slopeThere += (gradientThere[i] as number) * (direction[i] as number);
        moved = Math.abs(slopeThere) <= 0.9 * Math.abs(slope);
      }
      if (moved) {
        value = there;
        break;
      }
    }
    if (!moved) break;
    dual.keep();
    // Exactly on the bound, so that a multiplier that is not needed is 0 and not 1e-17.
    for (let i = 0; i < k; i++) {
      lambda[i] = alpha === 1 ? (next[i] as number) : (lambda[i] as number) + alpha * (direction[i] as number);
    }
    dual.gradient(g);
    kkt = kktError(lambda, g);
    if (kkt < best.kkt) best = { lambda: Float64Array.from(lambda), kkt };
  }
  if (best.kkt < kkt || !moved) {
    dual.moveTo(best.lambda);
    dual.gradient(g);
  }
  return { lambda: best.lambda, kkt: kktError(best.lambda, g), iterations };
}

/** The KKT error of issue and docstring above; `g` is E_w x at λ. */
export function kktError(lambda: Float64Array, g: Float64Array): number {
  let worst = 0;
  for (let i = 0; i < lambda.length; i++) {
    const gap = g[i] as number;
    worst = Math.max(worst, (lambda[i] as number) > 0 ? Math.abs(gap) : -gap);
  }
  return worst;
}

/** argmin over λ' ≥ 0 of gᵀ(λ' − λ) + ½(λ' − λ)ᵀH(λ' − λ) in the free coordinates, H being of these; the others stay. */
function newtonPoint(
  lambda: Float64Array,
  g: Float64Array,
  h: Float64Array,
  free: readonly number[],
  next: Float64Array,
): void {
  const size = free.length;
  let largest = 0;
  for (let i = 0; i < size; i++) largest = Math.max(largest, h[i * size + i] as number);
  const ridge = 1e-13 * largest + 1e-300;
  // With the ridge about λ, not about 0: along a direction in which f is flat the multipliers stay where they are.
  const b = Float64Array.from(free, (i, row) => {
    let sum = (g[i] as number) - ridge * (lambda[i] as number);
    for (let q = 0; q < size; q++) sum -= (h[row * size + q] as number) * (lambda[free[q] as number] as number);
    return sum;
  });
  next.set(lambda);
  boundedQuadratic(h, b, ridge).forEach((entry, q) => {
    next[free[q] as number] = entry;
  });
}
