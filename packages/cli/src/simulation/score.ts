import type { RoundReport } from "@concord/federation";
import { z } from "zod";

/** By what a run is judged: the mean accuracy over so many of its last rounds. */
export const scoreSchema = z.strictObject({ lastRounds: z.int().min(1) });
export type Score = z.output<typeof scoreSchema>;

/**
 * The score of a run; without a score the accuracy where it was measured last, null where it never was. A run that cuts
 * each of the experiment's `rounds` into several is judged over the same stretch of its course.
 */
export function scoreOf(history: readonly RoundReport[], rounds: number, score: Score | undefined): number | null {
  const accuracies = history.flatMap(({ round, evaluation }) =>
    evaluation?.accuracy == null ? [] : [{ round, accuracy: evaluation.accuracy }],
  );
  const last = accuracies.at(-1);
  if (last === undefined) return null;
  if (score === undefined) return last.accuracy;
  const pieces = Math.max(1, Math.round(last.round / rounds));
  const judged = accuracies.filter(({ round }) => round > (rounds - score.lastRounds) * pieces);
  return judged.reduce((sum, { accuracy }) => sum + accuracy, 0) / judged.length;
}
