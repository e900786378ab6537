import type { RoundSeconds } from "../virtual-time.ts";
import { virtualTime } from "../virtual-time.ts";
import type { PlannedParty, PlanQuestion } from "./question.ts";
import { messageOnLine, networkOfQuestion } from "./question.ts";
import { roundEnd } from "./round-end.ts";

interface Exchanging {
  readonly party: PlannedParty;
  /** A schedule of the question's steps; of two schedules with as many exchanges both are the same. */
  readonly exchanges: readonly number[];
}

/** The time of a round in which these parties, in party order, exchange after these steps. */
export function timeOf(members: readonly Exchanging[], question: PlanQuestion): RoundSeconds {
  const { steps, messageBytes } = question;
  const plan = {
    round: 1,
    steps,
    members: members.map(({ party: { id, examples }, exchanges }) => ({ party: id, examples, exchanges })),
  };
  return virtualTime(plan, networkOfQuestion(question), () => messageBytes);
}

/** The total of `timeOf`, without the parties' seconds and therefore sooner, unless the coordinator's line is a limit. */
export function totalOf(members: readonly Exchanging[], question: PlanQuestion): number {
  const { up, down } = question.server ?? {};
  if ((up ?? down) !== undefined) return timeOf(members, question).total;
  const bySchedule = Map.groupBy(members, ({ exchanges }) => exchanges.length);
  const groups = [...bySchedule.values()].map((group) => ({
    exchanges: (group[0] as Exchanging).exchanges,
    links: group.map(({ party }) => party.link),
  }));
  return roundEnd(groups, messageOnLine(question));
}
