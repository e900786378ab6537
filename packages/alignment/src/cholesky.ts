/**
 * Solves A·x = b for the rows and columns `free` of a symmetric positive semi-definite k × k matrix, with `ridge` added
 * to the diagonal. Returns |free| numbers. A pivot that rounding has pushed to 0 or below counts as the ridge.
 */
export function solveSymmetric(
  a: Float64Array,
  k: number,
  free: readonly number[],
  b: (i: number) => number,
  ridge: number,
): Float64Array {
  const size = free.length;
  const l = new Float64Array(size * size);
  const y = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const row = free[i] as number;
    for (let j = 0; j <= i; j++) {
      let sum = a[row * k + (free[j] as number)] as number;
      if (i === j) sum += ridge;
      for (let q = 0; q < j; q++) sum -= (l[i * size + q] as number) * (l[j * size + q] as number);
      l[i * size + j] = i === j ? Math.sqrt(Math.max(sum, ridge)) : sum / (l[j * size + j] as number);
    }
  }
  for (let i = 0; i < size; i++) {
    let sum = b(free[i] as number);
    for (let q = 0; q < i; q++) sum -= (l[i * size + q] as number) * (y[q] as number);
    y[i] = sum / (l[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = y[i] as number;
    for (let q = i + 1; q < size; q++) sum -= (l[q * size + i] as number) * (y[q] as number);
    y[i] = sum / (l[i * size + i] as number);
  }
  return y;
}

/** The least share of a diagonal entry that is left as its pivot: 0 where a row follows from those before it. */
export function leastPivot(a: Float64Array, k: number): number {
  const l = new Float64Array(k * k);
  let least = 1;
  for (let i = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * k + j] as number;
      for (let q = 0; q < j; q++) sum -= (l[i * k + q] as number) * (l[j * k + q] as number);
      if (i === j) {
        const diagonal = a[i * k + i] as number;
        if (diagonal <= 0) return 0;
        least = Math.min(least, sum / diagonal);
        l[i * k + i] = Math.sqrt(Math.max(sum, 1e-15 * diagonal));
      } else {
        l[i * k + j] = sum / (l[j * k + j] as number);
      }
    }
  }
  return least;
}
