import type { Context } from "./context.ts";
import type { Journal } from "./journal.ts";
import type { Transaction } from "./store/contract.ts";

/**
 * So many bytes may gather before they are swept within a round: one with 249 exchanges would otherwise keep as many
 * updates of every party until it ends.
 */
const MOST_WITHIN_A_ROUND = 256 * 1024 * 1024;

/** Removes blobs that nobody will ask for again: the updates of merged exchanges, states that others have followed. */
export interface Sweeper {
  /** Sweeps soon; asking again while a sweep runs makes it run once more. */
  request(): void;
  settled(): Promise<void>;
}

export function sweeper({ depot, journal, feed, log }: Context, most = MOST_WITHIN_A_ROUND): Sweeper {
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

  function request(): void {
    wanted = true;
    running ??= run().finally(() => {
      running = undefined;
    });
  }
  feed.subscribe(({ type }) => {
    if (type === "exchange.merged" && depot.grown() > most) request();
  });

  return {
    request,
    settled: async () => running,
  };
}

/**
 * The state of every federation, what its leases name, and what its unfinished round would need after a restart. Records
 * of what has been merged go on naming their blobs, which have done their work.
 */
function neededBlobs(journal: Journal): Promise<Set<string>> {
  return journal.read(async (tx) => {
    const needed = new Set<string>();
    for (const { id, status, round, state } of await tx.federations.list()) {
      needed.add(state);
      if (status === "finished" || status === "stopped") continue;
      for (const { model } of await tx.leases.list(id)) needed.add(model);
      for (const sha256 of await neededByRound(tx, id, round + 1)) needed.add(sha256);
    }
    return needed;
  });
}

/**
 * The state that a round goes back to if it is void, and for each member the state that its current segment starts from
 * and the update that waits for its exchange.
 */
async function neededByRound(tx: Transaction, federation: string, round: number): Promise<string[]> {
  const underWay = await tx.rounds.get(federation, round);
  if (underWay === undefined) return [];
  const merges = await tx.merges.list(federation, round);
  const states = new Map(merges.map(({ step, state }) => [step, state]));
  const merged = Math.max(0, ...states.keys());
  const segments = await tx.segments.list(federation, round);
  const updates = new Map(segments.map(({ party, segment, update }) => [`${segment} ${party}`, update]));
  const needed: (string | null | undefined)[] = [underWay.stateBefore];
  for (const { party, exchanges } of underWay.plan.members) {
    const segment = exchanges.filter((step) => step <= merged).length;
    needed.push(states.get(exchanges[segment - 1] ?? 0), updates.get(`${segment} ${party}`));
  }
  return needed.filter((sha256) => sha256 != null);
}
