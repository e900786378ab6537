import type { RoundRow } from "./federation-state.ts";

/** Columns for a chart: the rounds, and for each series one value a round (null where nothing was measured). */
export type Columns = readonly [x: number[], ...series: (number | null)[][]];

/** Accuracy by round, in percent. */
export function accuracyColumns(rounds: readonly RoundRow[]): Columns {
  const shown = finished(rounds);
  return [shown.map(({ round }) => round), shown.map(({ accuracy }) => (accuracy === null ? null : 100 * accuracy))];
}

/** Loss by round: on held-out examples, and in training. */
export function lossColumns(rounds: readonly RoundRow[]): Columns {
  const shown = finished(rounds);
  return [shown.map(({ round }) => round), shown.map(({ loss }) => loss), shown.map(({ trainLoss }) => trainLoss)];
}

function finished(rounds: readonly RoundRow[]): RoundRow[] {
  return rounds.filter(({ status }) => status === "finished");
}
