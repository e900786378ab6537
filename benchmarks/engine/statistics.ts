/** The middle value; the lower of two. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN;
}

/**
 * A 95 % interval of the median without assumptions: the order statistics between which it lies with at least that
 * probability, counted from the binomial distribution (all values where there are fewer than six).
 */
export function medianInterval(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  let outside = 2 * 0.5 ** n;
  let rank = 0;
  let term = 0.5 ** n;
  while (rank + 1 < n / 2) {
    term *= (n - rank) / (rank + 1);
    if (outside + 2 * term > 0.05) break;
    outside += 2 * term;
    rank++;
  }
  return [sorted[rank] ?? Number.NaN, sorted[n - 1 - rank] ?? Number.NaN];
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
