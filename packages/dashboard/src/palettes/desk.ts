import type { DualKind, Palette, Prices } from "@concord/alignment";
import { prices } from "@concord/alignment";
import type { Outcome } from "./outcome.ts";
import { outcomeOf } from "./outcome.ts";
import type { Pilot, PilotSource, PilotView } from "./pilot.ts";
import { openPilot } from "./pilot.ts";
import { pilotCsv } from "./pilot-csv.ts";
import type { Reach } from "./reach.ts";
import { reachOf } from "./reach.ts";
import type { SampleDraws, Side } from "./samples.ts";
import { drawSamples } from "./samples.ts";

/** What the page asks of the rewards, and what it gets. */
export interface DeskCalls {
  open: { ask: PilotSource; answer: PilotView };
  solve: { ask: Side; answer: Outcome };
  /** Null where there is nothing to price. */
  prices: { ask: Side; answer: Prices | null };
  reach: { ask: { readonly others: Palette; readonly value: string; readonly dual: DualKind }; answer: Reach };
  draw: {
    ask: { readonly sides: readonly Side[]; readonly seed: number; readonly count: number };
    answer: SampleDraws;
  };
  csv: { ask: null; answer: string };
}

export type DeskCall = keyof DeskCalls;

/** Answers about one pilot at a time: everything that takes arithmetic. It runs in a worker, away from the page's thread. */
export type Desk = { readonly [C in DeskCall]: (ask: DeskCalls[C]["ask"]) => DeskCalls[C]["answer"] };

/** A desk without a pilot. Everything but `open` throws until one is open; one that cannot be read leaves the last one. */
export function createDesk(): Desk {
  let opened: Pilot | null = null;
  const pilot = (): Pilot => {
    if (opened === null) throw new Error("no rewards have been opened");
    return opened;
  };
  return {
    open(source) {
      opened = openPilot(source);
      return opened.view;
    },
    solve: ({ palette, dual }) => outcomeOf(pilot(), palette, dual),
    prices({ palette, dual }) {
      return outcomeOf(pilot(), palette, dual).kind === "reached" ? prices(pilot().rewards, palette, dual) : null;
    },
    reach: ({ others, value, dual }) => reachOf(pilot().rewards, others, value, dual),
    draw: ({ sides, seed, count }) => drawSamples(pilot(), sides, seed, count),
    csv: () => pilotCsv(pilot().rewards),
  };
}
