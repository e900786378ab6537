/**
 * How several transfers share one line: max-min fairness, which TCP approaches. Nobody gets more than its own limit, and
 * nobody could get more without taking from one who has less.
 *
 * `limits` and `capacity` in one unit, such as bytes a second; the answer is in the order of `limits`.
 */
export function fairShares(limits: readonly number[], capacity: number): number[] {
  const shares = [...limits];
  const ascending = limits.map((_, i) => i).sort((i, j) => (limits[i] as number) - (limits[j] as number));
  let left = capacity;
  for (const [served, i] of ascending.entries()) {
    const equal = left / (limits.length - served);
    shares[i] = Math.min(limits[i] as number, equal);
    left -= shares[i];
  }
  return shares;
}
