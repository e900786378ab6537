import type { RoundSeconds } from "../virtual-time.ts";
import { virtualTime } from "../virtual-time.ts";
import type { PlannedParty, PlanQuestion } from "./question.ts";
import { networkOfQuestion } from "./question.ts";

/** The time of a round in which these parties, in party order, exchange after these steps. */
export function timeOf(
  members: readonly { readonly party: PlannedParty; readonly exchanges: readonly number[] }[],
  question: PlanQuestion,
): RoundSeconds {
  const { steps, messageBytes } = question;
  const plan = {
    round: 1,
    steps,
    members: members.map(({ party: { id, examples }, exchanges }) => ({ party: id, examples, exchanges })),
  };
  return virtualTime(plan, networkOfQuestion(question), () => messageBytes);
}
