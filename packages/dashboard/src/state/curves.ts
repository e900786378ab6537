import type { RoundRow } from "./federation-state.ts";

/** Columns for a chart: the rounds or what they cost, and for each series one value a round (null: not measured). */
export type Columns = readonly [x: number[], ...series: (number | null)[][]];

/** Accuracy of finished rounds, in percent. */
export function accuracyColumns(rounds: readonly RoundRow[]): Columns {
  return [rounds.map(({ round }) => round), rounds.map(({ accuracy }) => (accuracy === null ? null : 100 * accuracy))];
}

/** The same accuracy over what it has cost: bytes sent up and down by all parties so far. */
export function accuracyByBytes(rounds: readonly RoundRow[]): Columns {
  const [, accuracy] = accuracyColumns(rounds);
  return [rounds.map(({ wireUp, wireDown }) => wireUp + wireDown), accuracy ?? []];
}

/** Loss of finished rounds: on held-out examples, and in training. */
export function lossColumns(rounds: readonly RoundRow[]): Columns {
  return [rounds.map(({ round }) => round), rounds.map(({ loss }) => loss), rounds.map(({ trainLoss }) => trainLoss)];
}

/** The rounds that have values to draw. */
export function finishedRounds(rounds: readonly RoundRow[]): RoundRow[] {
  return rounds.filter(({ status }) => status === "finished");
}
