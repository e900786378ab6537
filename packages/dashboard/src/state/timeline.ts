import type { RoundMember } from "@concord/protocol";
import { exchangeCount, stepsOf } from "@concord/protocol";
import type { RoundRow } from "./federation-state.ts";

/** A round as a timeline: a lane for each member, along its local steps. */
export interface Timeline {
  /** T, the length of every lane in local steps. */
  readonly steps: number;
  /** Members of the group that exchanges more often; empty where the algorithm chooses none. */
  readonly fast: ReadonlySet<string>;
  /** Those of the group first, then those who exchange more, then party order. */
  readonly members: readonly RoundMember[];
}

/** One member's exchanges, each as the local step after which it takes place. */
export interface Lane {
  readonly exchanged: readonly number[];
  readonly missed: readonly number[];
  readonly ahead: readonly number[];
  /** The steps that it works on, or null: it waits, has finished, or the round is over. */
  readonly open: { readonly from: number; readonly to: number } | null;
  /** Its update is here and waits for those of others. */
  readonly waits: boolean;
  /** The first exchange that it took part in after the last one that it missed. */
  readonly backAt: number | null;
}

export function timelineOf({ steps, members, group }: Pick<RoundRow, "steps" | "members" | "group">): Timeline {
  const fast = new Set(group?.parties);
  const ranked = [...members].sort(
    (a, b) =>
      Number(fast.has(b.party)) - Number(fast.has(a.party)) || exchangeCount(b.exchanges) - exchangeCount(a.exchanges),
  );
  return { steps, fast, members: ranked };
}

/** `merged` is the last step whose exchange is over, in a round that is `underWay`. */
export function laneOf(member: RoundMember, merged: number, underWay: boolean): Lane {
  const { reached, missed } = member;
  const steps = stepsOf(member.exchanges);
  const gone = new Set(missed);
  const exchanged = steps.filter((step) => step <= reached && !gone.has(step));
  const next = steps.find((step) => step > reached);
  const lastMissed = Math.max(0, ...missed);
  const works = underWay && next !== undefined && reached <= merged;
  return {
    exchanged,
    missed,
    ahead: steps.filter((step) => step > reached),
    open: works ? { from: reached, to: next } : null,
    waits: underWay && reached > merged && !gone.has(reached),
    backAt: missed.length === 0 ? null : (exchanged.find((step) => step > lastMissed) ?? null),
  };
}

/** A lane in words: what it shows, for those who do not see it. */
export function laneWords({ exchanged, missed, ahead, open, waits, backAt }: Lane): string {
  const total = exchanged.length + missed.length + ahead.length;
  const words = [`${exchanged.length} of ${total} exchanges done`];
  if (missed.length > 0) words.push(`missed ${missed.length} (${stepList(missed)})`);
  if (backAt !== null) words.push(`back at step ${backAt}`);
  if (open !== null) words.push(`works on steps ${open.from} to ${open.to}`);
  if (waits) words.push("waits for the updates of others");
  return words.join(", ");
}

/** "step 8", "steps 4, 8, 12", or the first and the last of many. */
function stepList(steps: readonly number[]): string {
  const ascending = [...steps].sort((a, b) => a - b);
  if (ascending.length === 1) return `step ${ascending[0]}`;
  return ascending.length <= 4
    ? `steps ${ascending.join(", ")}`
    : `between steps ${ascending[0]} and ${ascending.at(-1)}`;
}

/** Round numbers along an axis of so many steps, from 0 to the end: six or seven at most. */
export function axisTicks(steps: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(1, steps / 6)));
  const every = Math.max(1, [1, 2, 5, 10].map((multiple) => multiple * magnitude).find((gap) => steps / gap <= 6) ?? 1);
  const ticks = Array.from({ length: Math.floor(steps / every) + 1 }, (_, i) => i * every);
  // The end is named; a tick too near to it would be written over.
  return [...ticks.filter((tick) => steps - tick >= 0.55 * every), steps];
}

/** How often a party was in the group of its rounds. */
export interface FastShare {
  readonly fast: number;
  /**
   * Rounds it was a member of, as a cap on the share counts them: also those in which nobody could be fast, but none that
   * was void.
   */
  readonly rounds: number;
}

/** Of every party that was a member of a round; of nobody before the first group was chosen. */
export function fastShares(
  rounds: readonly Pick<RoundRow, "members" | "group" | "status">[],
): ReadonlyMap<string, FastShare> {
  const shares = new Map<string, FastShare>();
  if (rounds.every(({ group }) => group === null)) return shares;
  for (const { members, group, status } of rounds) {
    if (status === "void") continue;
    const chosen = new Set(group?.parties);
    for (const { party } of members) {
      const before = shares.get(party) ?? { fast: 0, rounds: 0 };
      shares.set(party, { fast: before.fast + Number(chosen.has(party)), rounds: before.rounds + 1 });
    }
  }
  return shares;
}
