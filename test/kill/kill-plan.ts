import { setTimeout as sleep } from "node:timers/promises";
import { key, rng, split } from "@concord/engine";
import { COORDINATOR, type Site, type Victim } from "./killable-site.ts";
import { MOMENTS, type Moment } from "./observed-link.ts";

/** A kill: at a moment of some party's traffic, or so long after the victim was last started. */
type PlannedKill =
  | { readonly kind: "traffic"; readonly moment: Moment; readonly skip: number; readonly delayMs: number }
  | { readonly kind: "start"; readonly delayMs: number };

/** Kills by plan, one after the other, and starts what was killed again. */
export interface Killer {
  observe(party: string, moment: Moment): Promise<void>;
  /** What has been done, for the message of a failed test. */
  readonly log: readonly string[];
  /** Kills that have not come yet. */
  left(): number;
  /** Resolves when the last victim runs again. */
  settled(): Promise<void>;
}

export type VictimKind = "coordinator" | "party";

/** So many kills, a function of the seed: all moments in turn, shuffled, and between them some soon after a start. */
export function killer(victims: VictimKind, kills: number, seed: string, site: () => Site): Killer {
  const r = rng(split(key("kill"), seed));
  const plan = planOf(kills, () => r.uniform());
  const log: string[] = [];
  let restarting: Promise<void> | undefined;
  /** Holds all traffic until a kill that comes some time after a start is over: a fast federation would have ended by then. */
  let pause: Promise<void> | undefined;
  let skip = 0;

  async function restart(victim: Victim): Promise<void> {
    await site().start(victim);
    const { promise, resolve } = Promise.withResolvers<void>();
    while (plan[0]?.kind === "start") {
      pause = promise;
      const { delayMs } = plan.shift() as PlannedKill;
      await site().kill(victim);
      log.push(`${victim}, ${delayMs} ms after its start`);
      const started = site().start(victim);
      await sleep(delayMs);
      await site().kill(victim);
      await started;
      await site().start(victim);
    }
    pause = undefined;
    resolve();
  }

  return {
    log,
    left: () => plan.length,
    async observe(party, moment) {
      await pause;
      const next = plan[0];
      if (restarting !== undefined || next?.kind !== "traffic" || next.moment !== moment) return;
      if (skip++ < next.skip) return;
      plan.shift();
      skip = 0;
      const victim = victims === "coordinator" ? COORDINATOR : party;
      let killed = () => {};
      const dead = new Promise<void>((resolve) => {
        killed = resolve;
      });
      restarting = (async () => {
        await sleep(next.delayMs);
        await site().kill(victim);
        log.push(`${victim}, ${next.delayMs} ms after "${moment}" of ${party}`);
        killed();
        await restart(victim);
      })().finally(() => {
        restarting = undefined;
      });
      await dead;
    },
    async settled() {
      while (restarting !== undefined) await restarting;
    },
  };
}

function planOf(kills: number, uniform: () => number): PlannedKill[] {
  const plan: PlannedKill[] = [];
  // A party joins once only, so that moment comes first.
  plan.push({ kind: "traffic", moment: "joined", skip: Math.floor(2 * uniform()), delayMs: 0 });
  while (plan.length < kills) {
    const order = MOMENTS.filter((moment) => moment !== "joined")
      .map((moment) => ({ moment, place: uniform() }))
      .sort((a, b) => a.place - b.place);
    for (const { moment } of order) {
      // What happens beside the link (training, merging) takes some milliseconds after a moment.
      const delayMs = uniform() < 0.5 ? 0 : Math.floor(25 * uniform());
      plan.push({ kind: "traffic", moment, skip: Math.floor(3 * uniform()), delayMs });
      if (uniform() < 0.25) plan.push({ kind: "start", delayMs: Math.floor(900 * uniform()) });
    }
  }
  return plan.slice(0, kills);
}
