import type { Level } from "../dynamicfl/intervals.ts";
import { schedule } from "../dynamicfl/intervals.ts";
import type { OwnSeconds } from "./own-seconds.ts";
import { ownSeconds } from "./own-seconds.ts";
import type { PlannedParty, PlanQuestion } from "./question.ts";
import { inTime, messageOnLine } from "./question.ts";

/** A level as a party could take it. */
export interface Option {
  readonly level: Level;
  /** The steps after which it exchanges. */
  readonly exchanges: readonly number[];
  readonly own: OwnSeconds;
  /** What crosses the party's line in a round, both ways. */
  readonly bytes: number;
}

/** What a party could do: every level on offer, from the fewest exchanges to the most, each number of exchanges once. */
export function optionsOf({ link }: PlannedParty, question: PlanQuestion): readonly Option[] {
  const message = messageOnLine(question);
  const options = question.levels.map((level): Option => {
    const exchanges = schedule(level, question.steps);
    const E = exchanges.length;
    const own = ownSeconds(link, question.steps, E, message);
    return { level, exchanges, own, bytes: E * (message.up + message.down) };
  });
  const slowestFirst = options.reverse();
  return slowestFirst.filter((option, i) => option.exchanges.length !== slowestFirst[i - 1]?.exchanges.length);
}

/** Those that the party can keep up with by itself. They come first: more exchanges take more of everything. */
export function withinReach(
  options: readonly Option[],
  party: PlannedParty,
  question: PlanQuestion,
): readonly Option[] {
  return options.filter(({ own, bytes }) => inTime(own.total, question) && bytes <= budgetOf(party));
}

export function budgetOf({ budgetBytes }: PlannedParty): number {
  return budgetBytes ?? Number.POSITIVE_INFINITY;
}
