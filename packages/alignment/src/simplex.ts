import type { ReachableSet } from "./reachable.ts";

export interface Slack {
  /** The optimum t. */
  readonly t: number;
  /** The multipliers of the k rows: λ ≥ 0 with Σ a_i λ_i = 1, and t = max_y λ·y. If t < 0 they prove it: λ·y < 0 everywhere. */
  readonly lambda: Float64Array;
  /** What rounding may have done to t. */
  readonly rounding: number;
  readonly pivots: number;
}

/**
 * The linear program of feasibility (phase 1 in section 3.2 of the notes)
 *
 *   max t   subject to   y_i ≥ a_i·t  for i = 1..k,   y in the reachable set,   a_i > 0,
 *
 * by the revised simplex method on k + 1 rows. The set is the hull of points that are never listed: the pricing step asks
 * it for the farthest point in the direction of the multipliers (Dantzig and Wolfe 1960). The basis always holds t; its
 * row of the inverse holds the multipliers.
 */
export function largestSlack(set: ReachableSet, a: Float64Array): Slack {
  const { k } = set;
  const size = k + 1;
  let largest = 0;
  for (const entry of a) largest = Math.max(largest, entry);
  // t in units in which no entry of its column is above 1.
  const tColumn = new Float64Array(size);
  for (let i = 0; i < k; i++) tColumn[i] = -(a[i] as number) / largest;

  const start = firstPoint(set);
  const tableau = firstBasis(start, tColumn);
  const lambda = new Float64Array(k);
  const y = new Float64Array(k);
  const entering = new Float64Array(size);
  let pivots = 0;
  let stalled = 0;
  let scale = 0;
  for (const entry of start) scale = Math.max(scale, Math.abs(entry));
  let best = { t: -Infinity, gap: Infinity, lambda: new Float64Array(k) };

  for (; pivots < 20_000; pivots++) {
    const prices = tableau.inverse.subarray(0, size); // The row of t.
    let magnitude = 0;
    for (let i = 0; i < k; i++) {
      lambda[i] = -(prices[i] as number);
      magnitude += Math.abs(lambda[i] as number);
    }
    const slackEntering = mostNegative(lambda, 1e-13 * magnitude);
    entering.fill(0);
    if (slackEntering >= 0) {
      entering[slackEntering] = -1;
    } else {
      for (let i = 0; i < k; i++) if ((lambda[i] as number) < 0) lambda[i] = 0;
      const reached = set.farthest(lambda, y);
      const t = prices[k] as number;
      const gap = reached - t;
      if (gap < best.gap) best = { t, gap, lambda: Float64Array.from(lambda) };
      if (gap <= 1e-14 * scale * magnitude || (gap <= 1e-11 * scale * magnitude && stalled > 50)) break;
      for (const entry of y) scale = Math.max(scale, Math.abs(entry));
      entering.set(y);
      entering[k] = 1;
    }
    const step = pivot(tableau, entering);
    if (step < 0) break;
    stalled = step === 0 ? stalled + 1 : 0;
    if (stalled > 0 && stalled % 20 === 0) perturb(tableau, scale);
    if (pivots % 40 === 39) refactor(tableau, tColumn);
  }
  // Weak duality: no weights reach more than the multipliers price, whatever rounding did to the basis.
  let norm = 0;
  for (let i = 0; i < k; i++) norm += ((best.lambda[i] as number) * (a[i] as number)) / largest;
  let magnitude = 0;
  for (let i = 0; i < k; i++) {
    best.lambda[i] = (best.lambda[i] as number) / norm / largest;
    magnitude += best.lambda[i] as number;
  }
  const t = set.farthest(best.lambda, y);
  return { t, lambda: best.lambda, rounding: Math.max(0, best.gap / largest) + 1e-13 * scale * magnitude, pivots };
}

/** The place of the least entry below −tolerance, or −1. */
function mostNegative(entries: Float64Array, tolerance: number): number {
  let at = -1;
  let least = -tolerance;
  entries.forEach((entry, i) => {
    if (entry < least) {
      least = entry;
      at = i;
    }
  });
  return at;
}

interface Tableau {
  readonly size: number;
  /** B⁻¹, row by row; row 0 is t. */
  readonly inverse: Float64Array;
  /** The columns of B, one after the other; column 0 is that of t. */
  readonly columns: Float64Array;
  /** Values of the basic variables: the last column of B⁻¹, except while perturbed. */
  readonly basic: Float64Array;
}

/** The point farthest along (1, …, 1). */
function firstPoint(set: ReachableSet): Float64Array {
  const y = new Float64Array(set.k);
  set.farthest(new Float64Array(set.k).fill(1), y);
  return y;
}

/** A basis of t, one point, and the slacks of all rows but the one that binds. */
function firstBasis(point: Float64Array, tColumn: Float64Array): Tableau {
  const k = point.length;
  const size = k + 1;
  let tight = 0;
  for (let i = 1; i < k; i++) {
    const ratio = (i: number) => (point[i] as number) / -(tColumn[i] as number);
    if (ratio(i) < ratio(tight)) tight = i;
  }
  const columns = new Float64Array(size * size);
  columns.set(tColumn, 0);
  columns.set(point, size);
  columns[size + k] = 1;
  let at = 2;
  for (let i = 0; i < k; i++) if (i !== tight) columns[at++ * size + i] = -1;
  const tableau = { size, columns, inverse: new Float64Array(size * size), basic: new Float64Array(size) };
  refactor(tableau, tColumn);
  return tableau;
}

/** Brings a column into the basis. Returns the step length, or −1 if nothing can leave. */
function pivot(tableau: Tableau, column: Float64Array): number {
  const { size, inverse, columns, basic } = tableau;
  const d = new Float64Array(size);
  let largest = 0;
  for (let r = 0; r < size; r++) {
    let sum = 0;
    for (let q = 0; q < size; q++) sum += (inverse[r * size + q] as number) * (column[q] as number);
    d[r] = sum;
    largest = Math.max(largest, Math.abs(sum));
  }
  let leaving = -1;
  let step = Infinity;
  for (let r = 1; r < size; r++) {
    const slope = d[r] as number;
    if (slope <= 1e-11 * largest) continue;
    const ratio = Math.max(0, basic[r] as number) / slope;
    if (ratio < step || (ratio === step && slope > (d[leaving] as number))) {
      step = ratio;
      leaving = r;
    }
  }
  if (leaving < 0) return -1;
  const by = d[leaving] as number;
  for (let q = 0; q < size; q++) inverse[leaving * size + q] = (inverse[leaving * size + q] as number) / by;
  for (let r = 0; r < size; r++) {
    if (r === leaving) continue;
    const factor = d[r] as number;
    basic[r] = (basic[r] as number) - step * factor;
    if (factor === 0) continue;
    for (let q = 0; q < size; q++) {
      inverse[r * size + q] = (inverse[r * size + q] as number) - factor * (inverse[leaving * size + q] as number);
    }
  }
  basic[leaving] = step;
  columns.set(column, leaving * size);
  return step;
}

/** Moves the basic variables off 0 by different small amounts, so that degenerate pivots cannot go round in a circle. */
function perturb({ size, basic }: Tableau, scale: number): void {
  for (let r = 1; r < size; r++) basic[r] = (basic[r] as number) + 1e-9 * (1 + scale) * (1 + ((r * 7919) % 101) / 101);
}

/** B⁻¹ anew from the columns, by Gauss and Jordan with row exchanges. */
function refactor({ size, inverse, columns, basic }: Tableau, tColumn: Float64Array): void {
  columns.set(tColumn, 0);
  const b = new Float64Array(size * size);
  for (let c = 0; c < size; c++) for (let r = 0; r < size; r++) b[r * size + c] = columns[c * size + r] as number;
  inverse.fill(0);
  for (let r = 0; r < size; r++) inverse[r * size + r] = 1;
  for (let c = 0; c < size; c++) {
    let at = c;
    for (let r = c + 1; r < size; r++) {
      if (Math.abs(b[r * size + c] as number) > Math.abs(b[at * size + c] as number)) at = r;
    }
    if (at !== c) {
      exchange(b, size, at, c);
      exchange(inverse, size, at, c);
    }
    const by = b[c * size + c] as number;
    for (let q = 0; q < size; q++) {
      b[c * size + q] = (b[c * size + q] as number) / by;
      inverse[c * size + q] = (inverse[c * size + q] as number) / by;
    }
    for (let r = 0; r < size; r++) {
      const factor = b[r * size + c] as number;
      if (r === c || factor === 0) continue;
      for (let q = 0; q < size; q++) {
        b[r * size + q] = (b[r * size + q] as number) - factor * (b[c * size + q] as number);
        inverse[r * size + q] = (inverse[r * size + q] as number) - factor * (inverse[c * size + q] as number);
      }
    }
  }
  for (let r = 0; r < size; r++) basic[r] = inverse[r * size + size - 1] as number;
}

function exchange(matrix: Float64Array, size: number, one: number, other: number): void {
  const row = matrix.slice(one * size, (one + 1) * size);
  matrix.copyWithin(one * size, other * size, (other + 1) * size);
  matrix.set(row, other * size);
}
