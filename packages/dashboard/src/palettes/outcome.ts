import type { DualKind, Palette, Reachable, Rewards, Unreachable } from "@concord/alignment";
import { AlignmentError, sampleWeights, solve } from "@concord/alignment";
import { histogram } from "./histogram.ts";
import type { Pilot } from "./pilot.ts";
import type { Wishes } from "./wishes.ts";

/** What became of a palette. */
export type Outcome =
  /** No value is asked for: the base model as it is. */
  | { readonly kind: "nothing" }
  /** `after`: the distribution of each value under the solution, over its slider. */
  | { readonly kind: "reached"; readonly solution: Reachable; readonly after: readonly (readonly number[])[] }
  | { readonly kind: "unreachable"; readonly solution: Unreachable }
  | { readonly kind: "refused"; readonly why: string };

/** A palette that was kept for comparison. */
export interface Pinned {
  readonly wishes: Wishes;
  readonly outcome: Outcome;
}

/** Solves a palette with the package that also serves the command line. */
export function outcomeOf({ rewards, view }: Pilot, palette: Palette, dual: DualKind): Outcome {
  if (palette.length === 0) return { kind: "nothing" };
  try {
    const solution = solve(rewards, palette, dual);
    if (!solution.feasible) return { kind: "unreachable", solution };
    const weights = sampleWeights(rewards, palette, dual);
    const after = view.values.map(({ scale }, i) =>
      histogram(scale, rewards.n, rewardAt(rewards, i), (j) => weights[j] as number),
    );
    return { kind: "reached", solution, after };
  } catch (error) {
    if (error instanceof AlignmentError) return { kind: "refused", why: error.message };
    throw error;
  }
}

function rewardAt({ data, values }: Rewards, i: number): (j: number) => number {
  const m = values.length;
  return (j) => data[j * m + i] as number;
}
