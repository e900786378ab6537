import { MBIT } from "../links.ts";
import type { Option } from "./options.ts";
import { budgetOf } from "./options.ts";
import { showOwnSeconds, showSeconds } from "./own-seconds.ts";
import type { PlannedParty, PlanQuestion } from "./question.ts";
import { inTime, messageOnLine } from "./question.ts";

/** A party that cannot do even the level with the fewest exchanges. */
export interface UnableParty {
  readonly party: string;
  readonly why: string;
  readonly needs: Needs;
}

/**
 * What would let a party do the level with the fewest exchanges. Where time is short, each of the fields but the budget is
 * enough by itself; one that could not be enough is left out. Where the budget is short, it must be raised in any case.
 */
export interface Needs {
  /** Seconds: a round that may take so long. */
  readonly deadline?: number;
  readonly stepsPerSecond?: number;
  readonly upMbit?: number;
  readonly downMbit?: number;
  /** At most. */
  readonly latencyMs?: number;
  readonly budgetBytes?: number;
}

export function explainUnable(party: PlannedParty, fewest: Option, question: PlanQuestion): UnableParty {
  const { own, bytes, exchanges } = fewest;
  const what = exchanges.length === 1 ? "one exchange" : `level ${fewest.level}, ${exchanges.length} exchanges,`;
  const reasons: string[] = [];
  let needs: Needs = {};
  if (!inTime(own.total, question)) {
    reasons.push(`${what} takes ${showOwnSeconds(own)}; the deadline is ${showSeconds(question.deadline)}`);
    needs = { ...needs, ...timeNeeds(party, fewest, question) };
  }
  if (bytes > budgetOf(party)) {
    reasons.push(`${what} moves ${bytes} bytes; the budget is ${budgetOf(party)}`);
    needs = { ...needs, budgetBytes: bytes };
  }
  return { party: party.id, why: reasons.join("; "), needs };
}

function timeNeeds({ link }: PlannedParty, { own, exchanges }: Option, question: PlanQuestion): Needs {
  const { steps, deadline } = question;
  const message = messageOnLine(question);
  const E = exchanges.length;
  /** Seconds that are left for one part when the others stay as they are. */
  const left = (part: "computing" | "downloading" | "uploading" | "latency") => deadline - (own.total - own[part]);
  const forUp = left("uploading");
  const forDown = left("downloading");
  const forSteps = left("computing");
  const forLatency = left("latency");
  return {
    deadline: own.total,
    ...(forSteps > 0 && { stepsPerSecond: steps / forSteps }),
    ...(forUp > 0 && { upMbit: (E * message.up) / forUp / MBIT }),
    ...(forDown > 0 && { downMbit: (E * message.down) / forDown / MBIT }),
    ...(forLatency >= 0 && own.latency > 0 && { latencyMs: (1000 * link.latency * forLatency) / own.latency }),
  };
}
