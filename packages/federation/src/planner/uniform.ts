import { evenExchanges } from "../controls.ts";
import { budgetOf } from "./options.ts";
import { ownSeconds, showOwnSeconds, showSeconds } from "./own-seconds.ts";
import type { PlannedParty, PlanQuestion } from "./question.ts";
import { inTime, messageOnLine } from "./question.ts";
import { totalOf } from "./time-of.ts";

/** Federated averaging with E evenly spread exchanges of every party: what a plan is compared with. */
export interface UniformPlan {
  /** E. */
  readonly exchanges: number;
  /** Tensor bytes of all parties. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** How long the round takes. */
  readonly seconds: number;
  readonly meetsDeadline: boolean;
  /** Parties that cannot keep up by themselves, in time or in bytes. */
  readonly late: readonly { readonly party: string; readonly why: string }[];
}

export function uniformPlan(parties: readonly PlannedParty[], exchanges: number, question: PlanQuestion): UniformPlan {
  const { steps, messageBytes } = question;
  const at = evenExchanges(steps, exchanges);
  const seconds = totalOf(
    parties.map((party) => ({ party, exchanges: at })),
    question,
  );
  const late = parties.flatMap((party) => {
    const why = whyLate(party, exchanges, question);
    return why === undefined ? [] : [{ party: party.id, why }];
  });
  return {
    exchanges,
    bytesUp: parties.length * exchanges * messageBytes.up,
    bytesDown: parties.length * exchanges * messageBytes.down,
    seconds,
    meetsDeadline: inTime(seconds, question) && late.length === 0,
    late,
  };
}

/** The largest E with which everybody keeps the deadline and the budgets; 0 if there is none. */
export function mostUniformExchanges(parties: readonly PlannedParty[], question: PlanQuestion): number {
  let fitting = 0;
  let tooMany = question.steps + 1;
  while (tooMany - fitting > 1) {
    const middle = (fitting + tooMany) >> 1;
    if (fitsUniformly(parties, middle, question)) fitting = middle;
    else tooMany = middle;
  }
  return fitting;
}

function fitsUniformly(parties: readonly PlannedParty[], exchanges: number, question: PlanQuestion): boolean {
  if (parties.some((party) => whyLate(party, exchanges, question) !== undefined)) return false;
  return uniformPlan(parties, exchanges, question).meetsDeadline;
}

function whyLate(party: PlannedParty, exchanges: number, question: PlanQuestion): string | undefined {
  const message = messageOnLine(question);
  const own = ownSeconds(party.link, question.steps, exchanges, message);
  if (!inTime(own.total, question)) {
    return `${exchanges} exchanges take ${showOwnSeconds(own)}; the deadline is ${showSeconds(question.deadline)}`;
  }
  const bytes = exchanges * (message.up + message.down);
  return bytes > budgetOf(party)
    ? `${exchanges} exchanges move ${bytes} bytes; the budget is ${budgetOf(party)}`
    : undefined;
}
