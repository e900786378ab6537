const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * How long to wait before the attempt that follows so many failed ones (from 1): it doubles up to ten seconds.
 * `chance` in 0 … 1 spreads the attempts of many tabs over the second half of the wait.
 */
export function reconnectDelay(failures: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return full * (0.5 + 0.5 * chance);
}
