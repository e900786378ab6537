import type { Problem } from "./problem.ts";

/**
 * The negative dual as a function of λ ≥ 0, on the scaled rows x of a problem, and the weights w that belong to it:
 *
 *   joint       f(λ) = log (1/n) Σ_j e^{λᵀx_j}                     −g_n(λ) of equation (7)
 *   per-prompt  f(λ) = (1/P) Σ_p log (1/k_p) Σ_{i≤k_p} e^{λᵀx_pi}    −g_k(λ)
 *
 * Both are Σ_b m_b log (1/n_b) Σ_{j in b} e^{λᵀx_j} over blocks b of weight m_b: one, or the prompts.
 *
 * Since x has the targets taken off, ∇f = E_w x = (E_w r − c)/sd and ∇²f = Cov_w(x) (within blocks). Both are
 * written with the largest exponent taken out, so nothing overflows.
 *
 * A `Dual` stands at a point and moves along directions; its buffers are reused, 8·n bytes each.
 */
export interface Dual {
  /** Goes to λ; returns f(λ). */
  moveTo(lambda: Float64Array): number;
  /** Sets the direction for `tryStep`; returns max_j |pᵀx_j|. */
  aim(direction: Float64Array): number;
  /** f(λ + α·p). The weights are those of the trial afterwards. */
  tryStep(alpha: number): number;
  /** Makes the last trial the point where the dual stands. */
  keep(): void;
  /** Writes E_w x of the last trial or move. */
  gradient(g: Float64Array): void;
  /** Writes Cov_w(x) of the coordinates `of`, |of| × |of|, given the gradient there. */
  hessian(g: Float64Array, h: Float64Array, of: readonly number[]): void;
  /** The n weights in the order of the rows of x, summing to 1. The buffer belongs to the dual. */
  weights(): Float64Array;
  /** KL(w ‖ base); the weights of the blocks are the base's, so this is the average of the blocks' own. */
  divergence(): number;
}

export function makeDual(problem: Problem): Dual {
  const { x, n, k, starts, mass } = problem;
  const blocks = mass.length;
  const scores = new Float64Array(n);
  const steps = new Float64Array(n);
  const w = new Float64Array(n);
  let tried = 0;

  /** w = weights at scores + α·steps; returns f there. */
  function exponentials(alpha: number): number {
    let value = 0;
    for (let p = 0; p < blocks; p++) {
      const from = starts[p] as number;
      const to = starts[p + 1] as number;
      let top = -Infinity;
      for (let j = from; j < to; j++) {
        const s = (scores[j] as number) + alpha * (steps[j] as number);
        w[j] = s;
        if (s > top) top = s;
      }
      let sum = 0;
      for (let j = from; j < to; j++) {
        const d = (w[j] as number) - top;
        // e^-60 of the largest weight is below what a float64 sum of n < 10^9 terms can notice.
        const e = d > -60 ? Math.exp(d) : 0;
        w[j] = e;
        sum += e;
      }
      const own = mass[p] as number;
      value += own * (top + Math.log(sum / (to - from)));
      const scale = own / sum;
      for (let j = from; j < to; j++) w[j] = (w[j] as number) * scale;
    }
    return value;
  }

  return {
    moveTo(lambda) {
      multiply(x, n, k, lambda, scores);
      steps.fill(0);
      tried = 0;
      return exponentials(0);
    },
    aim(direction) {
      multiply(x, n, k, direction, steps);
      let largest = 0;
      for (let j = 0; j < n; j++) {
        const size = Math.abs(steps[j] as number);
        if (size > largest) largest = size;
      }
      return largest;
    },
    tryStep(alpha) {
      tried = alpha;
      return exponentials(alpha);
    },
    keep() {
      for (let j = 0; j < n; j++) scores[j] = (scores[j] as number) + tried * (steps[j] as number);
      steps.fill(0);
      tried = 0;
    },
    gradient(g) {
      g.fill(0);
      for (let j = 0, at = 0; j < n; j++, at += k) {
        const weight = w[j] as number;
        if (weight === 0) continue;
        for (let i = 0; i < k; i++) g[i] = (g[i] as number) + weight * (x[at + i] as number);
      }
    },
    hessian(g, h, of) {
      covariance(problem, w, g, h, Int32Array.from(of));
    },
    weights: () => w,
    divergence() {
      let sum = 0;
      for (let p = 0; p < blocks; p++) {
        const size = ((starts[p + 1] as number) - (starts[p] as number)) / (mass[p] as number);
        for (let j = starts[p] as number; j < (starts[p + 1] as number); j++) {
          const weight = w[j] as number;
          if (weight > 0) sum += weight * Math.log(weight * size);
        }
      }
      return Math.max(0, sum);
    },
  };
}

/** out = X·v for an n × k matrix; only the entries of v that are not 0 are looked at. */
function multiply(x: Float64Array, n: number, k: number, v: Float64Array, out: Float64Array): void {
  const of = Int32Array.from(v.keys()).filter((i) => v[i] !== 0);
  const factors = Float64Array.from(of, (i) => v[i] as number);
  for (let j = 0, at = 0; j < n; j++, at += k) {
    let sum = 0;
    for (let q = 0; q < of.length; q++) sum += (x[at + (of[q] as number)] as number) * (factors[q] as number);
    out[j] = sum;
  }
}

/** Cov_w(x) of some coordinates about the mean of each block, averaged over blocks by their weight. */
function covariance(
  { x, k, starts, mass }: Problem,
  w: Float64Array,
  g: Float64Array,
  h: Float64Array,
  of: Int32Array,
): void {
  const size = of.length;
  const blocks = mass.length;
  const upper = new Float64Array((size * (size + 1)) / 2);
  const mean = Float64Array.from(of, (i) => g[i] as number);
  const off = new Float64Array(size);
  for (let p = 0; p < blocks; p++) {
    const from = starts[p] as number;
    const to = starts[p + 1] as number;
    if (blocks > 1) {
      mean.fill(0);
      for (let j = from; j < to; j++) {
        const weight = (w[j] as number) / (mass[p] as number);
        for (let i = 0; i < size; i++)
          mean[i] = (mean[i] as number) + weight * (x[j * k + (of[i] as number)] as number);
      }
    }
    for (let j = from, at = from * k; j < to; j++, at += k) {
      const weight = w[j] as number;
      if (weight === 0) continue;
      for (let i = 0; i < size; i++) off[i] = (x[at + (of[i] as number)] as number) - (mean[i] as number);
      // The upper triangle, row after row.
      for (let a = 0, q = 0; a < size; a++) {
        const scaled = weight * (off[a] as number);
        for (let b = a; b < size; b++, q++) upper[q] = (upper[q] as number) + scaled * (off[b] as number);
      }
    }
  }
  for (let a = 0, q = 0; a < size; a++) {
    for (let b = a; b < size; b++, q++) {
      h[a * size + b] = upper[q] as number;
      h[b * size + a] = upper[q] as number;
    }
  }
}
