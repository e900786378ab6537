import { equalByteExchanges } from "../controls.ts";
import type { Level } from "../dynamicfl/intervals.ts";
import { divergence, pooled } from "../dynamicfl/label-shares.ts";
import { inPartyOrder } from "../party.ts";
import type { PartySeconds, RoundSeconds } from "../virtual-time.ts";
import { assign } from "./assign.ts";
import type { Limit } from "./limit.ts";
import { explainLimit } from "./limit.ts";
import type { Option } from "./options.ts";
import { optionsOf, withinReach } from "./options.ts";
import { showSeconds } from "./own-seconds.ts";
import type { PlannedParty, PlanQuestion } from "./question.ts";
import { checkQuestion, inTime } from "./question.ts";
import { labelShares } from "./raise-order.ts";
import { timeOf, totalOf } from "./time-of.ts";
import type { UnableParty } from "./unable.ts";
import { explainUnable } from "./unable.ts";
import type { UniformPlan } from "./uniform.ts";
import { mostUniformExchanges, uniformPlan } from "./uniform.ts";

/** How often each party should exchange in a round. */
export interface IntervalPlan {
  /** True if every party of the question has a level, and the round of all of them ends in time. */
  readonly meetsDeadline: boolean;
  /** Why it does not. */
  readonly problem?: string | undefined;
  /** Those that can take part, in party order. */
  readonly parties: readonly PartyPlan[];
  /** Those that cannot, in party order. The rest is planned without them. */
  readonly unable: readonly UnableParty[];
  /** How long the round takes. */
  readonly seconds: number;
  /** Tensor bytes of all parties. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** The parties of the fastest level that is used, and how far their labels are from those of all, where all show theirs. */
  readonly fastest: FastestGroup | undefined;
  /** Federated averaging of the same parties with as many bytes (E is the mean number of exchanges, rounded). */
  readonly fedavg: (UniformPlan & { readonly mostExchanges: number }) | undefined;
}

export interface PartyPlan {
  readonly party: string;
  readonly level: Level;
  /** E. */
  readonly exchanges: number;
  /** Tensor bytes. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly seconds: PartySeconds;
  /** What keeps it from the next faster level. */
  readonly limit: Limit;
  readonly why: string;
}

export interface FastestGroup {
  readonly level: Level;
  readonly parties: readonly string[];
  /** KL(labels of the group ‖ labels of all), in nats; null where not everybody shows labels. */
  readonly divergence: number | null;
}

/**
 * Gives every party an interval level, as fast as its link, its computer, its budget and the deadline of the round allow.
 *
 * The plan is for a round in which all of the parties take part; a round of some of them is never longer, as long as the
 * coordinator's line is no limit. Time is that of `virtualTime`, with its assumptions. Without a limit of the
 * coordinator's line, a round of T steps with E_i exchanges takes about max_i (T / pace_i + E_i x_i), x_i being the seconds of
 * party i's exchange: waiting costs those who wait, but it does not make the round longer than its slowest party. So
 * parties choose for themselves, and only at the uneven end of a schedule, and on a shared line, is one in another's way.
 *
 * What is sought, in this order: every party that can do the fewest exchanges in time takes part; nobody is over its
 * budget and the round is not over its deadline; Σ n_i ln E_i is large (see `raiseOrder`), where an exchange of one party
 * alone does not count; of equals, the labels that the exchanges carry are near to those of all. If everybody can have the
 * fastest level that it could keep up with by itself, that is best. Otherwise the search is greedy: no single party could
 * be raised, but another plan may be better.
 *
 * Throws RangeError for a question that makes no sense.
 */
export function planIntervals(question: PlanQuestion): IntervalPlan {
  checkQuestion(question);
  const parties = inPartyOrder(question.parties).map((party) => {
    const all = optionsOf(party, question);
    return { party, all, options: withinReach(all, party, question) };
  });
  const able = parties.filter(({ options }) => options.length > 0);
  const unable = parties
    .filter(({ options }) => options.length === 0)
    .map(({ party, all }) => explainUnable(party, all[0] as Option, question));

  const exchanging = (at: readonly number[]) =>
    able.map(({ party, options }, i) => ({ party, exchanges: (options[at[i] as number] as Option).exchanges }));
  const fits = (at: readonly number[]) => inTime(totalOf(exchanging(at), question), question);
  const assigned = able.length === 0 ? [] : assign(able, fits);
  const at = assigned ?? able.map(() => 0);
  const time = able.length === 0 ? { total: 0, parties: {} } : timeOf(exchanging(at), question);
  const plans = able.map(({ party, options }, i) =>
    partyPlan(party, options[at[i] as number] as Option, limitOf(i), time, question),
  );

  function limitOf(i: number) {
    const { party, all } = able[i] as (typeof able)[number];
    const next = all[(at[i] as number) + 1];
    const enough = next?.exchanges.length ?? 0;
    const company = able.some(({ options }, j) => j !== i && (options.at(-1)?.exchanges.length ?? 0) >= enough);
    return explainLimit(party, next, company, question);
  }

  const problem = problemOf(unable, assigned === undefined ? time.total : undefined, question);
  return {
    meetsDeadline: problem === undefined,
    problem,
    parties: plans,
    unable,
    seconds: time.total,
    bytesUp: sum(plans.map(({ bytesUp }) => bytesUp)),
    bytesDown: sum(plans.map(({ bytesDown }) => bytesDown)),
    fastest: fastestGroup(plans, question),
    fedavg: fedavgBeside(
      plans,
      able.map(({ party }) => party),
      question,
    ),
  };
}

function partyPlan(
  party: PlannedParty,
  { level, exchanges: { length: exchanges } }: Option,
  limit: { readonly limit: Limit; readonly why: string },
  time: RoundSeconds,
  question: PlanQuestion,
): PartyPlan {
  const { up, down } = question.messageBytes;
  return {
    party: party.id,
    level,
    exchanges,
    bytesUp: exchanges * up,
    bytesDown: exchanges * down,
    seconds: time.parties[party.id] as PartySeconds,
    ...limit,
  };
}

function problemOf(unable: readonly UnableParty[], tooLong: number | undefined, { deadline }: PlanQuestion) {
  const problems = unable.map(({ party, why }) => `${party}: ${why}`);
  if (tooLong !== undefined) {
    problems.push(
      `with the fewest exchanges for all, the round takes ${showSeconds(tooLong)} over the coordinator's line; the deadline is ${showSeconds(deadline)}`,
    );
  }
  return problems.length === 0 ? undefined : problems.join("; ");
}

function fastestGroup(plans: readonly PartyPlan[], { levels, parties }: PlanQuestion): FastestGroup | undefined {
  const level = levels.find((level) => plans.some((plan) => plan.level === level));
  if (level === undefined) return undefined;
  const group = plans.filter((plan) => plan.level === level).map(({ party }) => party);
  const shares = labelShares(parties);
  if (shares === undefined) return { level, parties: group, divergence: null };
  const members = parties.flatMap(({ id, examples }, i) =>
    group.includes(id) ? [{ examples, shares: shares.of[i] as readonly number[] }] : [],
  );
  return { level, parties: group, divergence: divergence(pooled(members), shares.whole) };
}

function fedavgBeside(plans: readonly PartyPlan[], parties: readonly PlannedParty[], question: PlanQuestion) {
  if (plans.length === 0) return undefined;
  const E = equalByteExchanges(plans.map(({ exchanges }) => ({ parties: 1, exchanges })));
  return { ...uniformPlan(parties, E, question), mostExchanges: mostUniformExchanges(parties, question) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
