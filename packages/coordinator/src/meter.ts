import type { Purpose, Traffic } from "@concord/federation";
import { addTraffic, NO_TRAFFIC } from "@concord/federation";
import type { TrafficRecord } from "./store/contract.ts";

/** Whose bytes they are. */
interface Attribution {
  readonly federation: string;
  readonly party: string;
  readonly round: number;
  readonly purpose: Purpose;
}

/**
 * Bytes that have crossed the wire and are not in the store yet: every transaction takes them along, so that metering
 * costs no transaction of its own. A kill loses the wire bytes of the last seconds; payload bytes are not kept here but
 * written together with the outcome of their segment, exactly once.
 */
export interface Meter {
  add(to: Attribution, traffic: Partial<Traffic>): void;
  isEmpty(): boolean;
  /** Hands over what has gathered: all of it, or at most so many records. */
  take(most?: number): readonly TrafficRecord[];
  /** Takes back what could not be stored. */
  giveBack(records: readonly TrafficRecord[]): void;
  /** What has gathered and is not stored yet. */
  pending(federation: string): readonly TrafficRecord[];
}

export function trafficMeter(): Meter {
  const gathered = new Map<string, TrafficRecord>();

  function add({ federation, party, round, purpose }: Attribution, traffic: Partial<Traffic>): void {
    const name = `${federation} ${party} ${round} ${purpose}`;
    const before = gathered.get(name)?.traffic ?? NO_TRAFFIC;
    gathered.set(name, { federation, party, round, purpose, traffic: addTraffic(before, traffic) });
  }

  return {
    add,
    isEmpty: () => gathered.size === 0,
    take(most = gathered.size) {
      const taken = [...gathered].slice(0, most);
      for (const [name] of taken) gathered.delete(name);
      return taken.map(([, record]) => record);
    },
    giveBack(records) {
      for (const record of records) add(record, record.traffic);
    },
    pending: (federation) => [...gathered.values()].filter((record) => record.federation === federation),
  };
}
