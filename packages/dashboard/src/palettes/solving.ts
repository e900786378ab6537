import type { Prices } from "@concord/alignment";
import type { Store } from "../state/store.ts";
import { createStore } from "../state/store.ts";
import type { Outcome } from "./outcome.ts";
import type { Reach } from "./reach.ts";
import type { RemoteDesk } from "./remote-desk.ts";
import type { Wishes } from "./wishes.ts";
import { othersOf, paletteOf } from "./wishes.ts";

/** What is known about the sliders as they stand. */
export interface Solved {
  /** Of which wishes `outcome` speaks; while one drags it may be a frame behind. */
  readonly wishes: Wishes | null;
  readonly outcome: Outcome | null;
  /** Null until the sliders have been at rest. */
  readonly prices: Prices | null;
  /** By value. */
  readonly reaches: Readonly<Record<string, KnownReach>>;
  readonly problem: string | null;
}

/** `holds`: for which levels of the others it was computed. */
export interface KnownReach {
  readonly reach: Reach;
  readonly holds: string;
}

export interface Solving {
  readonly solved: Store<Solved>;
  /** Asks about new wishes. Only the newest is solved when the desk is busy. */
  want(wishes: Wishes): void;
  stop(): void;
}

const NOTHING: Solved = { wishes: null, outcome: null, prices: null, reaches: {}, problem: null };

/**
 * Keeps the answers of a desk in step with the sliders. The palette comes first; prices and reachable regions are
 * computed when nothing has moved for the time of `rest`, one at a time, so that the next move waits for one of them at most.
 */
export function createSolving(desk: Pick<RemoteDesk, "ask">, rest: () => Promise<void>): Solving {
  const solved = createStore<Solved>(NOTHING);
  let wanted: Wishes | null = null;
  let running = false;
  let stopped = false;

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    try {
      let done: Wishes | null = null;
      while (!stopped && wanted !== null && wanted !== done) {
        const wishes: Wishes = wanted;
        await follow(wishes);
        done = wishes;
      }
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      solved.update((state) => ({ ...state, problem }));
    } finally {
      running = false;
    }
  }

  async function follow(wishes: Wishes): Promise<void> {
    const changed = () => stopped || wanted !== wishes;
    const side = { palette: paletteOf(wishes), dual: wishes.dual };
    const outcome = await desk.ask("solve", side);
    solved.update((state) => ({ ...state, wishes, outcome, prices: null, problem: null }));
    if (changed()) return;
    await rest();
    if (changed()) return;
    if (outcome.kind === "reached") {
      const prices = await desk.ask("prices", side);
      if (changed()) return;
      solved.update((state) => ({ ...state, prices }));
    }
    for (const { value } of wishes.list) {
      const holds = holdsFor(wishes, value);
      if (solved.get().reaches[value]?.holds === holds) continue;
      const reach = await desk.ask("reach", { others: othersOf(wishes, value), value, dual: wishes.dual });
      solved.update((state) => ({ ...state, reaches: { ...state.reaches, [value]: { reach, holds } } }));
      if (changed()) return;
    }
  }

  return {
    solved,
    want(wishes) {
      wanted = wishes;
      void run();
    },
    stop() {
      stopped = true;
    },
  };
}

/** The reachable region of a value depends on this and on nothing else, its own slider included. */
export function holdsFor(wishes: Wishes, value: string): string {
  return JSON.stringify([wishes.dual, othersOf(wishes, value)]);
}
