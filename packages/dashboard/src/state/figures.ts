import type { FederationView, PartyView } from "@concord/protocol";
import type { FederationState, RoundRow } from "./federation-state.ts";

/** What the tiles at the top of the page show. */
export interface Figures {
  /** The latest round with a measured accuracy or loss. */
  readonly measured: RoundRow | undefined;
  /** Change of accuracy against the measured round before it. */
  readonly accuracyChange: number | null;
  /** The round with the best accuracy. */
  readonly best: RoundRow | undefined;
  readonly wireUp: number;
  readonly wireDown: number;
  readonly online: number;
  /** Parties that have not left. */
  readonly present: number;
}

/** The figures of a state. Bytes are those of the parties, which run ahead of the rounds. */
export function figuresOf({ parties, rounds }: Pick<FederationState, "parties" | "rounds">): Figures {
  const measured = rounds.filter(({ accuracy, loss }) => accuracy !== null || loss !== null);
  const latest = measured.at(-1);
  const before = measured.at(-2);
  const change = latest?.accuracy != null && before?.accuracy != null ? latest.accuracy - before.accuracy : null;
  const present = parties.filter(({ status }) => status !== "left");
  return {
    measured: latest,
    accuracyChange: change,
    best: measured.reduce<RoundRow | undefined>(better, undefined),
    wireUp: Math.max(total(parties, "wireUp"), rounds.at(-1)?.wireUp ?? 0),
    wireDown: Math.max(total(parties, "wireDown"), rounds.at(-1)?.wireDown ?? 0),
    online: present.filter(({ online }) => online).length,
    present: present.length,
  };
}

/**
 * Seconds until the last round ends, from the median length of the latest rounds; null while nothing is known or after
 * the end. A median, because one round that waited for a party says little about the next.
 */
export function secondsLeft(
  view: Pick<FederationView, "status" | "spec" | "round">,
  rounds: readonly Pick<RoundRow, "round" | "status" | "seconds">[],
): number | null {
  if (view.status !== "running") return null;
  const lengths = rounds.flatMap(({ status, seconds }) => (status === "finished" && seconds !== null ? seconds : []));
  const median = medianOf(lengths.slice(-7));
  if (median === null) return null;
  return Math.max(0, view.spec.rounds - view.round) * median;
}

/** Bytes of a party, by direction and purpose. */
export interface PartyBytes {
  readonly id: string;
  readonly name: string;
  readonly up: { readonly train: number; readonly evaluate: number };
  readonly down: { readonly train: number; readonly evaluate: number };
}

/**
 * Bytes by party, most first. Those that differ by less than a fiftieth of the largest are in party order: otherwise a
 * few bytes of headers would make the rows change places all the time.
 */
export function bytesByParty(parties: readonly PartyView[]): PartyBytes[] {
  const all = parties.map(({ id, name, train, evaluate }) => ({
    id,
    name,
    up: { train: train.wireUp, evaluate: evaluate.wireUp },
    down: { train: train.wireDown, evaluate: evaluate.wireDown },
  }));
  const most = Math.max(1, ...all.map(bytesOf));
  const fiftieths = (party: PartyBytes) => Math.round((50 * bytesOf(party)) / most);
  return all.sort((a, b) => fiftieths(b) - fiftieths(a));
}

function bytesOf({ up, down }: PartyBytes): number {
  return up.train + up.evaluate + down.train + down.evaluate;
}

function total(parties: readonly PartyView[], direction: "wireUp" | "wireDown"): number {
  return parties.reduce((sum, { train, evaluate }) => sum + train[direction] + evaluate[direction], 0);
}

function better(best: RoundRow | undefined, row: RoundRow): RoundRow | undefined {
  if (row.accuracy === null) return best;
  return best?.accuracy != null && best.accuracy >= row.accuracy ? best : row;
}

function medianOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
