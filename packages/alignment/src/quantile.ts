/**
 * The q-quantile of n numbers, q in [0, 1], linear between order statistics: the one at (n − 1)·q, as NumPy's default.
 * The numbers must be finite; they are put in another order. Takes time in proportion to n.
 */
export function quantileInPlace(numbers: Float64Array, q: number): number {
  if (numbers.length === 0) throw new RangeError("a quantile of no numbers");
  const place = (numbers.length - 1) * q;
  const below = Math.floor(place);
  const low = select(numbers, below);
  let high = low;
  if (below + 1 < numbers.length) {
    high = Infinity;
    for (let j = below + 1; j < numbers.length; j++) high = Math.min(high, numbers[j] as number);
  }
  return between(low, high, place - below);
}

/** As `quantileInPlace`, of numbers that are sorted already and stay so. */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) throw new RangeError("a quantile of no numbers");
  const place = (sorted.length - 1) * q;
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return between(low, high, place - below);
}

/** From the nearer end, as NumPy does, so that the last bit agrees. */
function between(low: number, high: number, share: number): number {
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

/** The k-th smallest number (from 0), with nothing larger before it and nothing smaller after it: Hoare's selection. */
function select(numbers: Float64Array, k: number): number {
  let left = 0;
  let right = numbers.length - 1;
  while (left < right) {
    const pivot = numbers[(left + right) >> 1] as number;
    let i = left;
    let j = right;
    while (i <= j) {
      while ((numbers[i] as number) < pivot) i++;
      while ((numbers[j] as number) > pivot) j--;
      if (i > j) break;
      const kept = numbers[i] as number;
      numbers[i++] = numbers[j] as number;
      numbers[j--] = kept;
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else break;
  }
  return numbers[k] as number;
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
