/**
 * The q-quantile of n numbers, q in [0, 1], linear between order statistics: the one at (n − 1)·q, as NumPy's default.
 * The numbers must be finite; they are sorted in place.
 */
export function quantileInPlace(numbers: Float64Array, q: number): number {
  return quantileOfSorted(numbers.sort(), q);
}

/** As `quantileInPlace`, of numbers that are sorted already. */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) throw new RangeError("a quantile of no numbers");
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  const share = place - below;
  // From the nearer end, as NumPy does, so that the last bit agrees.
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

/** The share of numbers that are below a level: where on a quantile radar it stands. */
export function rankOfSorted(sorted: Float64Array, level: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < level) low = middle + 1;
    else high = middle;
  }
  return sorted.length === 0 ? 0 : low / sorted.length;
}
