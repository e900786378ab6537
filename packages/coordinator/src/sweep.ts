import type { Context } from "./context.ts";
import type { Journal } from "./journal.ts";

/** Removes blobs that nobody will ask for again: the updates of rounds that have ended, states that others have followed. */
export interface Sweeper {
  /** Sweeps soon; asking again while a sweep runs makes it run once more. */
  request(): void;
  settled(): Promise<void>;
}

export function sweeper({ depot, journal, log }: Context): Sweeper {
  let wanted = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (wanted) {
      wanted = false;
      try {
        await depot.sweep(() => neededBlobs(journal));
      } catch (error) {
        // What was not removed now goes with the next sweep.
        log.warn({ err: error }, "blobs could not be swept");
      }
    }
  }

  return {
    request() {
      wanted = true;
      running ??= run().finally(() => {
        running = undefined;
      });
    },
    settled: async () => running,
  };
}

/**
 * The state of every federation, what its leases name, and what its unfinished round would need after a restart. Records
 * of ended rounds go on naming their blobs, which have done their work.
 */
function neededBlobs(journal: Journal): Promise<Set<string>> {
  return journal.read(async (tx) => {
    const needed = new Set<string>();
    for (const { id, status, round, state } of await tx.federations.list()) {
      needed.add(state);
      if (status === "finished" || status === "stopped") continue;
      for (const { model } of await tx.leases.list(id)) needed.add(model);
      const underWay = await tx.rounds.get(id, round + 1);
      if (underWay === undefined) continue;
      needed.add(underWay.stateBefore);
      for (const { state: merged } of await tx.merges.list(id, round + 1)) needed.add(merged);
      for (const { update } of await tx.segments.list(id, round + 1)) if (update !== null) needed.add(update);
    }
    return needed;
  });
}
