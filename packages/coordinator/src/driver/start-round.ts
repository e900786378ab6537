import type { PartyProfile, RoundPlan } from "@concord/federation";
import { beginRound, checkPlan } from "@concord/federation";
import { scheduleOf } from "@concord/protocol";
import type { Context } from "../context.ts";
import type { PartyRecord, RoundRecord } from "../store/contract.ts";
import type { Live } from "./live.ts";
import { activeParties, participants } from "./live.ts";

/**
 * Draws the next round, if there are parties for it. The first waits for the federation's minimum, later ones for anybody.
 *
 * Candidates are the parties that want to take part, whether or not they are heard from at this moment, so that the draw
 * does not hang on the speed of a link.
 */
export async function startRound({ journal, clock }: Context, live: Live): Promise<boolean> {
  const { id, spec, status, round: ended, state: stateBefore } = live.record;
  const candidates = activeParties(live).map(profileOf);
  if (candidates.length < (ended === 0 ? spec.minimumParties : 1)) {
    if (status === "running") {
      await journal.commit((tx) => tx.federations.update(id, { status: "waiting" }));
      live.record = { ...live.record, status: "waiting" };
    }
    return false;
  }

  const number = ended + 1;
  const parties = participants(live).map(profileOf);
  const plan = live.algorithm.select(live.state, { round: number, candidates, parties, key: live.keys.select(number) });
  checkPlan(plan);
  const now = clock.now();
  const round: RoundRecord = {
    federation: id,
    round: number,
    status: "training",
    plan,
    startedAt: now,
    endedAt: null,
    evaluators: null,
    stateBefore,
    result: null,
  };
  await journal.commit(async (tx, emit) => {
    if (status === "waiting") await tx.federations.update(id, { status: "running" });
    await tx.rounds.insert(round);
    if (number === 1) await emit({ type: "federation.started", federation: id });
    await emit({ federation: id, ...startedEvent(plan) });
  });
  live.record = { ...live.record, status: "running" };
  live.phase = {
    kind: "training",
    round,
    progress: beginRound(plan),
    states: new Map([[0, stateBefore]]),
    roundSince: now,
    exchangeSince: now,
  };
  return true;
}

/** What everybody may know of a plan. Members with the same schedule share one entry. */
function startedEvent({ round, steps, members, group }: RoundPlan) {
  const bySchedule = Map.groupBy(members, ({ exchanges }) => exchanges.join());
  const schedules = [...bySchedule.values()]
    .sort((a, b) => (b[0]?.exchanges.length ?? 0) - (a[0]?.exchanges.length ?? 0))
    .map((same) => ({ parties: same.map(({ party }) => party), exchanges: [...scheduleOf(same[0]?.exchanges ?? [])] }));
  return {
    type: "round.started",
    round,
    steps,
    members: members.map(({ party }) => party),
    schedules,
    ...(group === undefined ? {} : { group: { ...group, parties: [...group.parties] } }),
  } as const;
}

function profileOf({ id, examples, labels }: PartyRecord): PartyProfile {
  return { id, examples, ...(labels === null ? {} : { labels }) };
}
