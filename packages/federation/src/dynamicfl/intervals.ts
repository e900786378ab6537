/** τ of each interval level: the local steps between two exchanges of a party. From the fastest to the slowest. */
export const INTERVALS = { a: 1, b: 4, c: 16, d: 32, e: 64, f: 128, g: 256 } as const;

export type Level = keyof typeof INTERVALS;

export const LEVELS = Object.keys(INTERVALS) as readonly Level[];

/**
 * The steps after which a party of this level exchanges in a round of T local steps: τ, 2τ, … and T.
 *
 * As published, no exchange falls on step T − 1: segments start at steps 1, 1 + τ, 1 + 2τ, … < T, so the last one starts
 * by step T − 1. Level a therefore exchanges T − 1 times (its last gap is two steps), and a level with τ ≥ T − 1 once.
 */
export function schedule(level: Level, T: number): number[] {
  const τ = INTERVALS[level];
  const steps: number[] = [];
  for (let step = τ; step + 1 < T; step += τ) steps.push(step);
  return [...steps, T];
}
