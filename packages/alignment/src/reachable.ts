import type { Problem } from "./problem.ts";

/**
 * The convex set of the expectations E_w x that weights of a problem can give, through its support function: the farthest
 * point in a direction. For the joint dual that is one sample, the hull is that of the n rows; for the per-prompt dual it
 * is the average over the blocks (prompts) of the best answer of each.
 */
export interface ReachableSet {
  readonly k: number;
  /** Writes the point y that maximises direction·y and returns the maximum. */
  farthest(direction: Float64Array, y: Float64Array): number;
}

export function reachableSet({ x, k, starts, mass }: Problem): ReachableSet {
  return {
    k,
    farthest(direction, y) {
      y.fill(0);
      let total = 0;
      for (let p = 0; p < mass.length; p++) {
        let best = -1;
        let most = -Infinity;
        const to = starts[p + 1] as number;
        for (let j = starts[p] as number, at = j * k; j < to; j++, at += k) {
          let sum = 0;
          for (let i = 0; i < k; i++) sum += (x[at + i] as number) * (direction[i] as number);
          if (sum > most) {
            most = sum;
            best = at;
          }
        }
        const own = mass[p] as number;
        total += own * most;
        for (let i = 0; i < k; i++) y[i] = (y[i] as number) + own * (x[best + i] as number);
      }
      return total;
    },
  };
}
