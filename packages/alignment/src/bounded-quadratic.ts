import { solveSymmetric } from "./cholesky.ts";

/**
 * The x ≥ 0 that minimises ½xᵀHx + bᵀx, H symmetric positive semi-definite k × k, by an active-set method in the manner
 * of Lawson and Hanson (1974, chapter 23) that begins with all coordinates free. k is small.
 */
export function boundedQuadratic(h: Float64Array, b: Float64Array, ridge: number): Float64Array {
  const k = b.length;
  const x = new Float64Array(k);
  const free = new Set<number>(b.keys());
  let scale = 0;
  for (let i = 0; i < k; i++) scale = Math.max(scale, Math.abs(b[i] as number));

  let first = true;
  for (let round = 0; round < 10 * k + 10; round++) {
    settle(h, b, x, free, ridge, first);
    first = false;
    const entering = mostNegativeSlope(h, b, x, free, 1e-12 * scale, ridge);
    if (entering < 0) break;
    free.add(entering);
  }
  return x;
}

/** Solves on the free coordinates and drops those that would leave x ≥ 0, until none does. */
function settle(
  h: Float64Array,
  b: Float64Array,
  x: Float64Array,
  free: Set<number>,
  ridge: number,
  fresh: boolean,
): void {
  const k = b.length;
  while (free.size > 0) {
    const list = [...free];
    const y = solveSymmetric(h, k, list, (i) => -(b[i] as number), ridge);
    const negative = list.filter((_, q) => (y[q] as number) <= 0);
    if (negative.length === 0) {
      list.forEach((i, q) => {
        x[i] = y[q] as number;
      });
      return;
    }
    if (fresh) {
      // Nothing is worth keeping of a guess: drop what it got wrong.
      for (const i of negative) free.delete(i);
      continue;
    }
    let alpha = 1;
    list.forEach((i, q) => {
      const to = y[q] as number;
      const from = x[i] as number;
      if (to <= 0) alpha = Math.min(alpha, from / (from - to));
    });
    list.forEach((i, q) => {
      const moved = (x[i] as number) + alpha * ((y[q] as number) - (x[i] as number));
      const out = (y[q] as number) <= 0 && moved <= 1e-15 * Math.abs(y[q] as number);
      x[i] = out ? 0 : moved;
      if (out || moved <= 0) free.delete(i);
    });
  }
}

function mostNegativeSlope(
  h: Float64Array,
  b: Float64Array,
  x: Float64Array,
  free: ReadonlySet<number>,
  tolerance: number,
  ridge: number,
): number {
  const k = b.length;
  let best = -1;
  let least = -tolerance;
  for (let i = 0; i < k; i++) {
    if (free.has(i)) continue;
    let slope = (b[i] as number) + ridge * (x[i] as number);
    for (let j = 0; j < k; j++) slope += (h[i * k + j] as number) * (x[j] as number);
    if (slope < least) {
      least = slope;
      best = i;
    }
  }
  return best;
}
