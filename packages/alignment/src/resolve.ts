import type { Goal, Palette } from "./palette.ts";
import type { DualKind } from "./problem.ts";
import { makeProblem } from "./problem.ts";
import type { Rewards } from "./rewards.ts";

/** A palette with its quantiles, means and gains replaced by the levels they have on these rewards. */
export function resolvePalette(rewards: Rewards, palette: Palette, dual: DualKind = "joint"): Palette {
  return makeProblem(rewards, palette, dual).constraints.map(({ value, group, target, c }): Goal => {
    const level = target.kind === "share" ? target : ({ kind: "level", level: c } as const);
    return { value, target: level, ...(group !== undefined && { group }) };
  });
}
