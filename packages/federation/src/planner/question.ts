import type { Level } from "../dynamicfl/intervals.ts";
import { INTERVALS, LEVELS } from "../dynamicfl/intervals.ts";
import type { Link, Network } from "../links.ts";
import type { PartyProfile } from "../party.ts";
import type { MessageBytes } from "../virtual-time.ts";

/** A party that a round is planned for. */
export interface PlannedParty extends PartyProfile {
  readonly link: Link;
  /** The most bytes that may cross its line in a round, both ways together; no limit where not given. */
  readonly budgetBytes?: number | undefined;
}

/** What is to be planned. */
export interface PlanQuestion {
  readonly parties: readonly PlannedParty[];
  /** Interval levels that a party may be given, fastest first. */
  readonly levels: readonly Level[];
  /** T: local steps of each party in a round. */
  readonly steps: number;
  /** Seconds that a round may take. */
  readonly deadline: number;
  /** Tensor bytes of an update and of a model. */
  readonly messageBytes: MessageBytes;
  readonly server?: Network["server"];
  readonly overheadBytes?: number | undefined;
}

/** Throws RangeError that says which value is wrong and what would be right. */
export function checkQuestion({ parties, levels, steps, deadline, messageBytes }: PlanQuestion): void {
  if (parties.length === 0) throw new RangeError("parties: expected at least one");
  const names = new Set<string>();
  for (const { id, examples, link, budgetBytes = 0 } of parties) {
    if (names.has(id)) throw new RangeError(`party "${id}" is there twice`);
    names.add(id);
    if (!(Number.isSafeInteger(examples) && examples >= 1)) {
      throw new RangeError(`party "${id}": examples must be a whole number ≥ 1, got ${examples}`);
    }
    for (const field of ["up", "down", "pace"] as const) {
      if (!(link[field] > 0)) throw new RangeError(`party "${id}": ${field} must be above 0, got ${link[field]}`);
    }
    if (!(link.latency >= 0)) throw new RangeError(`party "${id}": latency must be ≥ 0, got ${link.latency}`);
    if (!(budgetBytes >= 0)) throw new RangeError(`party "${id}": budgetBytes must be ≥ 0, got ${budgetBytes}`);
  }
  const fastestFirst = levels.every((level, i) => i === 0 || INTERVALS[level] > INTERVALS[levels[i - 1] as Level]);
  if (levels.length === 0 || !fastestFirst || levels.some((level) => !LEVELS.includes(level))) {
    throw new RangeError(`levels: expected some of ${LEVELS.join(", ")} in this order, got ${levels.join(", ")}`);
  }
  if (!(Number.isSafeInteger(steps) && steps >= 1))
    throw new RangeError(`steps must be a whole number ≥ 1, got ${steps}`);
  if (!(deadline > 0)) throw new RangeError(`deadline must be above 0 s, got ${deadline}`);
  for (const way of ["up", "down"] as const) {
    if (!(messageBytes[way] >= 0)) throw new RangeError(`messageBytes.${way} must be ≥ 0, got ${messageBytes[way]}`);
  }
}

/** What one message puts on a line, with what it carries beside tensors. */
export function messageOnLine({ messageBytes: { up, down }, overheadBytes = 0 }: PlanQuestion): MessageBytes {
  return { up: up + overheadBytes, down: down + overheadBytes };
}

/** True if so many seconds keep the deadline. Rounding of sums is no delay. */
export function inTime(seconds: number, { deadline }: PlanQuestion): boolean {
  return seconds <= deadline * (1 + 1e-9);
}

/** The network of the question, as the virtual clock wants it. */
export function networkOfQuestion({ parties, server, overheadBytes }: PlanQuestion): Network {
  return { links: new Map(parties.map(({ id, link }) => [id, link])), server, overheadBytes };
}
