import type { ConcordEvent, NewEvent } from "@concord/protocol";
import type { Clock } from "./clock.ts";
import type { Feed } from "./feed.ts";
import type { Meter } from "./meter.ts";
import type { Durability, Store, Transaction } from "./store/contract.ts";
import { serial } from "./store/serial.ts";

/** Notes an event in the transaction that makes it true. */
export type Emit = (event: NewEvent) => Promise<void>;

/** The store as the coordinator uses it: a change and its events are one transaction, and listeners hear of it after. */
export interface Journal {
  commit<T>(work: (tx: Transaction, emit: Emit) => Promise<T>): Promise<T>;
  /** The same for a change without events that need not outlive a loss of power (see `Durability`). */
  jot(work: (tx: Transaction) => Promise<void>): Promise<void>;
  read<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Stores some of the bytes that have been metered. Every commit stores all of them. */
  flush(records: number): Promise<void>;
}

export function openJournal(store: Store, feed: Feed, meter: Meter, clock: Clock): Journal {
  // The store runs transactions one by one anyway; doing it here too keeps the feed in the order of the numbers.
  const inOrder = serial();
  const commit = <T>(work: (tx: Transaction, emit: Emit) => Promise<T>, records?: number, how: Durability = {}) =>
    inOrder(async () => {
      const traffic = meter.take(records);
      const events: ConcordEvent[] = [];
      let result: T;
      try {
        result = await store.transaction(async (tx) => {
          for (const record of traffic) await tx.traffic.add(record);
          return work(tx, async (event) => {
            events.push(await tx.events.append(event, clock.now()));
          });
        }, how);
      } catch (error) {
        meter.giveBack(traffic);
        throw error;
      }
      feed.publish(events);
      return result;
    });
  return {
    commit: (work) => commit(work),
    jot: (work) => commit((tx) => work(tx), undefined, { relaxed: true }),
    read: (work) => store.transaction(work),
    flush: (records) => commit(async () => {}, records),
  };
}
