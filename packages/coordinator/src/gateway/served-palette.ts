import type { ServedGoal } from "@concord/alignment";
import { parsePalette } from "@concord/alignment";
import type { PaletteRecord } from "../store/contract.ts";

/** A goal of a palette that answers, with the level that it means. */
export interface LabelledGoal extends ServedGoal {
  readonly label: string;
  readonly level: number;
  /** Of the single answers of the pilot. */
  readonly sd: number;
}

/** What requests call a version of a palette. */
export function modelOf({ base, name, version }: Pick<PaletteRecord, "base" | "name" | "version">): string {
  return `${base}@${name}:${version}`;
}

/** The goals of a palette that could be solved, with their multipliers; none of others. */
export function goalsOf({ targets, solution }: Pick<PaletteRecord, "targets" | "solution">): readonly LabelledGoal[] {
  if (!solution?.feasible) return [];
  const wanted = parsePalette(targets);
  return solution.goals.map(({ label, value, level, sd }, i) => {
    const target = wanted[i]?.target ?? ({ kind: "level", level } as const);
    return { label, value, target, level, sd, lambda: solution.lambda[label] ?? 0 };
  });
}
