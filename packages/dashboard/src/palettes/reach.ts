import type { DualKind, Palette, Rewards } from "@concord/alignment";
import { AlignmentError, frontier, solve } from "@concord/alignment";

/** How far a value can go while the others hold. */
export type Reach =
  | {
      readonly kind: "far";
      /** The level that the value has while the others hold and it is left alone. */
      readonly from: number;
      /** What no weighting of these samples passes. */
      readonly limit: number;
      /** From this level on the answer rests on too few samples; null where it never does. */
      readonly thinFrom: number | null;
    }
  /** The others cannot be held, or the value cannot be raised. */
  | { readonly kind: "stuck"; readonly why: string };

/** Halvings between the start and the limit: a thousandth of the way is finer than a slider shows. */
const HALVINGS = 10;
/** Above this many numbers a single solve takes a good part of a second, and the thin region is not looked for. */
const MANY_NUMBERS = 400_000;

/** The reachable part of one slider. A linear program for the limit; a handful of solves for where it gets thin. */
export function reachOf(rewards: Rewards, others: Palette, value: string, dual: DualKind): Reach {
  try {
    const { from, limit, best } = frontier(rewards, { raise: value, hold: others, dual, points: 0 });
    const estimable = (level: number) => {
      const goal = { value, target: { kind: "level", level } } as const;
      const solution = solve(rewards, [...others, goal], dual);
      return solution.feasible && solution.estimable;
    };
    if (best.estimable || rewards.data.length > MANY_NUMBERS) return { kind: "far", from, limit, thinFrom: null };
    let [good, thin] = [from, best.level];
    if (!estimable(good)) return { kind: "far", from, limit, thinFrom: from };
    for (let i = 0; i < HALVINGS; i++) {
      const middle = (good + thin) / 2;
      if (estimable(middle)) good = middle;
      else thin = middle;
    }
    return { kind: "far", from, limit, thinFrom: thin };
  } catch (error) {
    if (error instanceof AlignmentError) return { kind: "stuck", why: error.message };
    throw error;
  }
}
