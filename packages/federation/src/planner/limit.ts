import type { Option } from "./options.ts";
import { budgetOf } from "./options.ts";
import { largestPart, showOwnSeconds, showSeconds } from "./own-seconds.ts";
import type { PlannedParty, PlanQuestion } from "./question.ts";
import { inTime } from "./question.ts";

/**
 * What keeps a party from the next faster level: most of the time that it would take is computing, models coming down,
 * updates going up, or round trips; or its budget of bytes; or the coordinator's line, which it shares; or the others, for
 * whom it waits at the exchanges that they have in common; or nobody else could exchange as often as it could, so that
 * it would do so with itself alone ("company"). "nothing" if it has the fastest level on offer.
 */
export type Limit =
  | "nothing"
  | "computing"
  | "download"
  | "upload"
  | "latency"
  | "budget"
  | "server"
  | "others"
  | "company";

const LIMIT_OF = { computing: "computing", downloading: "download", uploading: "upload", latency: "latency" } as const;

/** `next` is the next faster level, and `company` tells whether anybody else could keep up with it. */
export function explainLimit(
  party: PlannedParty,
  next: Option | undefined,
  company: boolean,
  question: PlanQuestion,
): { readonly limit: Limit; readonly why: string } {
  if (next === undefined) return { limit: "nothing", why: "the fastest level on offer" };
  const { level, own, bytes } = next;
  const deadline = showSeconds(question.deadline);
  if (!inTime(own.total, question)) {
    const why = `level ${level} would take ${showOwnSeconds(own)}; the deadline is ${deadline}`;
    return { limit: LIMIT_OF[largestPart(own)], why };
  }
  if (bytes > budgetOf(party)) {
    return { limit: "budget", why: `level ${level} would move ${bytes} bytes; the budget is ${budgetOf(party)}` };
  }
  if (!company) {
    return {
      limit: "company",
      why: `at level ${level} it would have nobody to exchange with: nobody else could keep up`,
    };
  }
  return question.server === undefined
    ? {
        limit: "others",
        why: `with level ${level} the round would not end by ${deadline}, since parties wait for each other`,
      }
    : {
        limit: "server",
        why: `with level ${level} the round would not end by ${deadline}: the coordinator's line is shared`,
      };
}
