import type { Link } from "../links.ts";
import type { MessageBytes } from "../virtual-time.ts";
import { ROUND_TRIPS } from "../virtual-time.ts";

/** Parties that exchange after the same steps. */
export interface InStep {
  /** Ascending; the last one ends the round. */
  readonly exchanges: readonly number[];
  readonly links: readonly Link[];
}

/**
 * When a round ends over lines that nobody shares: `total` of `virtualTime`, to the last bit.
 *
 * A planner asks this for hundreds of assignments and needs no account of each party's seconds. So there are no events: an
 * exchange is merged when the last of those who are due has come, M(t) = max(M before t, max_i (M(t_i) + x_i)), with t_i
 * the exchange of party i before t and x_i the seconds of its segment. The stages of a segment are added one after the
 * other, as the clock does it: a sum in another order would be rounded otherwise.
 */
export function roundEnd(groups: readonly InStep[], { up, down }: MessageBytes): number {
  const states = groups.map((group) => ({ ...group, index: 0, from: 0, mergedAt: 0 }));
  const steps = [...new Set(groups.flatMap(({ exchanges }) => exchanges))].sort((a, b) => a - b);
  let now = 0;
  for (const step of steps) {
    const due = states.filter(({ exchanges, index }) => exchanges[index] === step);
    for (const { links, from, mergedAt } of due) {
      for (const link of links) {
        const computing = (step - from) / link.pace;
        const arrival =
          mergedAt +
          ROUND_TRIPS.download * link.latency +
          down / link.down +
          computing +
          up / link.up +
          ROUND_TRIPS.upload * link.latency;
        now = Math.max(now, arrival);
      }
    }
    for (const state of due) {
      state.index++;
      state.from = step;
      state.mergedAt = now;
    }
  }
  return now;
}
