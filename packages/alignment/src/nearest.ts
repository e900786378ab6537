import type { ReachableSet } from "./reachable.ts";

/**
 * The shortest u ≥ 0 for which some point y of the reachable set has y ≥ −u + margin in every coordinate: how far, in
 * standard deviations, each target has to give way. It is the distance of the target from the set with everything below
 * it, by Wolfe's method (1976) on points (the set's) and rays (−e_i, "some more is given away"). The set is only asked
 * for its farthest points. Exact to about 1e-12 of the distances involved.
 */
export function nearestReachable(set: ReachableSet, margin: number): Float64Array {
  const { k } = set;
  const target = new Float64Array(k).fill(margin);
  const first = new Float64Array(k);
  set.farthest(new Float64Array(k).fill(1), first);
  let corral: Generator[] = [{ column: first, mass: 1, weight: 1 }];
  let residual = residualOf(corral, target);
  const y = new Float64Array(k);
  let before = Infinity;

  for (let round = 0; round < 5000; round++) {
    const entering = enter(set, corral, residual, target, y);
    if (entering === null) break;
    corral = minimiseOver([...corral, entering], target);
    residual = residualOf(corral, target);
    const length = norm(residual);
    if (length >= before * (1 - 1e-15)) break;
    before = length;
  }
  return residual.map((entry) => Math.max(0, entry));
}

/** A point (mass 1) or a ray (mass 0) with its weight in the combination. */
interface Generator {
  readonly column: Float64Array;
  readonly mass: 0 | 1;
  readonly weight: number;
}

/** A ray where the combination gives too little away, or a point that is farther along the residual; null at the optimum. */
function enter(
  set: ReachableSet,
  corral: readonly Generator[],
  residual: Float64Array,
  target: Float64Array,
  y: Float64Array,
): Generator | null {
  const k = residual.length;
  const length = norm(residual);
  let worst = -1;
  for (let i = 0; i < k; i++) {
    if (
      (residual[i] as number) < -1e-13 * (1 + length) &&
      (worst < 0 || (residual[i] as number) < (residual[worst] as number))
    )
      worst = i;
  }
  if (worst >= 0) {
    const column = new Float64Array(k);
    column[worst] = -1;
    return { column, mass: 0, weight: 0 };
  }
  const direction = residual.map((entry) => Math.max(0, entry));
  const reached = set.farthest(direction, y);
  let here = 0;
  for (let i = 0; i < k; i++) here += (direction[i] as number) * ((target[i] as number) - (residual[i] as number));
  if (reached - here <= 1e-13 * (Math.abs(reached) + Math.abs(here) + length * length)) return null;
  const known = corral.some(({ column, mass }) => mass === 1 && column.every((entry, i) => entry === y[i]));
  return known ? null : { column: Float64Array.from(y), mass: 1, weight: 0 };
}

/** The best combination of the generators with weights > 0; those that end at 0 are dropped. */
function minimiseOver(generators: readonly Generator[], target: Float64Array): Generator[] {
  let corral = [...generators];
  for (;;) {
    const free = leastSquares(corral, target);
    if (free.every((weight) => weight > 1e-14)) return corral.map((one, q) => ({ ...one, weight: free[q] as number }));
    let alpha = 1;
    corral.forEach(({ weight }, q) => {
      const to = free[q] as number;
      if (to <= 1e-14) alpha = Math.min(alpha, weight / Math.max(weight - to, 1e-300));
    });
    const moved = corral.map((one, q) => ({ ...one, weight: one.weight + alpha * ((free[q] as number) - one.weight) }));
    let kept = moved.filter(({ weight }) => weight > 1e-14);
    if (kept.length === moved.length) {
      const least = Math.min(...kept.map(({ weight }) => weight));
      kept = kept.filter(({ weight }) => weight > least);
    }
    corral = kept;
  }
}

/** argmin |target − Σ v_q·column_q|² with Σ of the masses' weights = 1, by the normal equations with a multiplier. */
function leastSquares(corral: readonly Generator[], target: Float64Array): Float64Array {
  const q = corral.length;
  const size = q + 1;
  const system = new Float64Array(size * (size + 1));
  let trace = 0;
  for (let a = 0; a < q; a++) {
    const one = corral[a] as Generator;
    for (let b = 0; b < q; b++) {
      system[a * (size + 1) + b] = dot(one.column, (corral[b] as Generator).column);
      if (a === b) trace = Math.max(trace, system[a * (size + 1) + b] as number);
    }
    system[a * (size + 1) + q] = one.mass;
    system[q * (size + 1) + a] = one.mass;
    system[a * (size + 1) + size] = dot(one.column, target);
  }
  for (let a = 0; a < q; a++) system[a * (size + 2)] = (system[a * (size + 2)] as number) + 1e-15 * trace;
  system[q * (size + 1) + size] = 1;
  return eliminate(system, size).subarray(0, q);
}

/** Solves a size × (size + 1) system by elimination with row exchanges. */
function eliminate(system: Float64Array, size: number): Float64Array {
  const width = size + 1;
  for (let c = 0; c < size; c++) {
    let at = c;
    for (let r = c + 1; r < size; r++) {
      if (Math.abs(system[r * width + c] as number) > Math.abs(system[at * width + c] as number)) at = r;
    }
    for (let q = 0; q < width; q++) {
      const kept = system[c * width + q] as number;
      system[c * width + q] = system[at * width + q] as number;
      system[at * width + q] = kept;
    }
    const by = system[c * width + c] as number;
    if (by === 0) continue;
    for (let r = 0; r < size; r++) {
      const factor = (system[r * width + c] as number) / by;
      if (r === c || factor === 0) continue;
      for (let q = c; q < width; q++) {
        system[r * width + q] = (system[r * width + q] as number) - factor * (system[c * width + q] as number);
      }
    }
  }
  return Float64Array.from({ length: size }, (_, c) => {
    const by = system[c * width + c] as number;
    return by === 0 ? 0 : (system[c * width + size] as number) / by;
  });
}

function residualOf(corral: readonly Generator[], target: Float64Array): Float64Array {
  const residual = Float64Array.from(target);
  for (const { column, weight } of corral) {
    for (let i = 0; i < residual.length; i++) residual[i] = (residual[i] as number) - weight * (column[i] as number);
  }
  return residual;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
