import type { ConcordEvent, FederationView, PartyView, RoundMember } from "@concord/protocol";
import type { FederationState, RoundRow } from "./federation-state.ts";
import { isOver, LOG_LIMIT } from "./federation-state.ts";

const NO_TRAFFIC = { payloadUp: 0, payloadDown: 0, indexUp: 0, indexDown: 0, wireUp: 0, wireDown: 0 };

/**
 * The state after some events, in order. An event that the state has already seen changes nothing, so a stream may be
 * resumed from too early a number.
 */
export function applyEvents(state: FederationState, events: readonly ConcordEvent[]): FederationState {
  const fresh = events.filter((event) => event.federation === state.view.id && event.seq > state.seq);
  const last = fresh.at(-1);
  if (last === undefined) return state;
  const after = fresh.reduce(
    (before, event) => (event.seq <= state.countedUpTo ? noteReasons(before, event) : applyEvent(before, event)),
    state,
  );
  const log = state.log.concat(fresh);
  return { ...after, log: log.length > LOG_LIMIT ? log.slice(-LOG_LIMIT) : log, seq: last.seq };
}

/** What an event tells that is in no snapshot. */
function noteReasons(state: FederationState, event: ConcordEvent): FederationState {
  switch (event.type) {
    case "party.dropped":
      return noteDropped(state, event);
    case "round.void":
      return changeRound(state, event.round, () => ({ voidReason: event.reason }));
    case "federation.stopped":
      return { ...state, stopReason: event.reason };
    default:
      return state;
  }
}

function applyEvent(state: FederationState, event: ConcordEvent): FederationState {
  switch (event.type) {
    case "federation.started":
    case "federation.resumed":
      return isOver(state.view) ? state : withStatus(state, "running");
    case "federation.finished":
      return idle(withStatus(state, "finished"));
    case "federation.stopped":
      return { ...idle(withStatus(state, "stopped")), stopReason: event.reason };
    case "party.joined":
      return partyJoined(state, event);
    case "party.status":
      return changeParty(state, event.party, ({ activity, online }) => ({
        status: event.status,
        activity: event.status === "active" ? activity : "idle",
        online: event.status === "active" || (event.status === "paused" && online),
      }));
    case "round.started":
      return roundStarted(state, event);
    case "party.dropped":
      return partyDropped(state, event);
    case "update.accepted":
      return updateAccepted(state, event);
    case "exchange.merged":
      return exchangeMerged(state, event);
    case "round.void":
      return roundVoid(state, event);
    case "round.finished":
      return roundFinished(state, event);
    case "update.refused":
    case "invite.created":
      return state;
  }
}

type Of<T extends ConcordEvent["type"]> = Extract<ConcordEvent, { type: T }>;

function partyJoined(state: FederationState, { party, name, examples, client, time }: Of<"party.joined">) {
  if (state.parties.some(({ id }) => id === party)) return state;
  const joined: PartyView = {
    id: party,
    name,
    status: "active",
    online: true,
    activity: "idle",
    client,
    examples,
    heldOut: 0,
    labels: null,
    joinedAt: time,
    updates: 0,
    missed: 0,
    train: NO_TRAFFIC,
    evaluate: NO_TRAFFIC,
  };
  const parties = [...state.parties, joined].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ...state, parties };
}

function roundStarted(state: FederationState, event: Of<"round.started">): FederationState {
  const { round, members, steps, schedules = [], group, time } = event;
  // The snapshot may have been read just after this event.
  if (state.rounds.some((row) => row.round === round)) return state;
  const scheduleOf = (party: string) => schedules.find(({ parties }) => parties.includes(party))?.exchanges;
  const row: RoundRow = {
    round,
    status: "training",
    startedAt: time,
    endedAt: null,
    steps,
    members: members.map((party) => ({
      party,
      exchanges: scheduleOf(party) ?? [{ every: steps, times: 1 }],
      reached: 0,
      missed: [],
      completed: false,
    })),
    group: group ?? null,
    merged: 0,
    trainLoss: null,
    accuracy: null,
    loss: null,
    evaluated: null,
    wireUp: state.rounds.at(-1)?.wireUp ?? 0,
    wireDown: state.rounds.at(-1)?.wireDown ?? 0,
    dropped: [],
    voidReason: null,
    seconds: null,
  };
  const rounds = [...state.rounds, row].sort((a, b) => a.round - b.round);
  const taking = new Set(members);
  return setActivity({ ...state, rounds }, ({ id }) => (taking.has(id) ? "training" : "idle"));
}

function partyDropped(state: FederationState, event: Of<"party.dropped">): FederationState {
  const { party, round, step } = event;
  const noted = changeMember(noteDropped(state, event), round, party, ({ reached, missed }) => ({
    reached: Math.max(reached, step),
    missed: missed.includes(step) ? missed : [...missed, step],
  }));
  return changeParty(noted, party, ({ missed }) => ({ activity: "idle", missed: missed + 1 }));
}

function noteDropped(state: FederationState, { party, round, step, reason }: Of<"party.dropped">): FederationState {
  return changeRound(state, round, ({ dropped }) => ({ dropped: [...dropped, { party, step, reason }] }));
}

function updateAccepted(state: FederationState, { party, round, step, bytes }: Of<"update.accepted">): FederationState {
  const last = step >= stepsOf(state, round);
  const counted = changeParty(state, party, ({ updates, train }) => ({
    updates: updates + 1,
    // A party that was dropped from an earlier exchange is back with this.
    activity: last ? "idle" : "training",
    train: { ...train, payloadUp: train.payloadUp + bytes, wireUp: train.wireUp + bytes },
  }));
  return changeMember(counted, round, party, ({ reached, completed }) => ({
    reached: Math.max(reached, step),
    completed: completed || last,
  }));
}

function exchangeMerged(state: FederationState, event: Of<"exchange.merged">): FederationState {
  const { round, step } = event;
  const row = state.rounds.find((candidate) => candidate.round === round);
  if (row === undefined || isEnded(row)) return state;
  const last = step >= row.steps;
  const merged = changeRound(state, round, () => ({
    ...(last ? { status: "evaluating" } : {}),
    merged: Math.max(row.merged, step),
    members: row.members.map((member) => afterExchange(member, event, last)),
  }));
  if (!last) return merged;
  const { every, parties } = state.view.spec.evaluation;
  const evaluates = round % every === 0 || round === state.view.spec.rounds;
  if (!evaluates) return idle(merged);
  const members = new Set(row.members.map(({ party }) => party));
  return setActivity(merged, ({ id, status }) =>
    status === "active" && (parties === "all" || members.has(id)) ? "evaluating" : "idle",
  );
}

/** A member after an exchange that it took part in, missed, or was not due at. */
function afterExchange(
  member: RoundMember,
  { step, parties, missing }: Of<"exchange.merged">,
  last: boolean,
): RoundMember {
  const came = parties.includes(member.party);
  const completed = last ? came : member.completed;
  if (!came && !missing.includes(member.party))
    return completed === member.completed ? member : { ...member, completed };
  const missed = came || member.missed.includes(step) ? member.missed : [...member.missed, step];
  return { ...member, reached: Math.max(member.reached, step), missed, completed };
}

function roundVoid(state: FederationState, { round, reason, time }: Of<"round.void">): FederationState {
  const noted = changeRound(state, round, () => ended(time, "void", { voidReason: reason }));
  return idle({ ...noted, view: withRound(noted.view, round) });
}

function roundFinished(state: FederationState, event: Of<"round.finished">): FederationState {
  const { round, accuracy, loss, trainLoss, evaluatedExamples, parties, seconds, wireUp, wireDown, time } = event;
  const finished = changeRound(state, round, (row) =>
    ended(time, "finished", {
      accuracy,
      loss,
      trainLoss,
      seconds,
      wireUp,
      wireDown,
      evaluated: row.evaluated ?? (accuracy === null ? null : { parties, examples: evaluatedExamples }),
    }),
  );
  return idle({ ...finished, view: withRound(finished.view, round) });
}

function withRound(view: FederationView, round: number): FederationView {
  return round > view.round ? { ...view, round } : view;
}

function ended(time: string, status: "finished" | "void", rest: Partial<RoundRow>): Partial<RoundRow> {
  return { ...rest, status, endedAt: time };
}

function isEnded({ status }: RoundRow): boolean {
  return status === "finished" || status === "void";
}

function withStatus(state: FederationState, status: FederationState["view"]["status"]): FederationState {
  return state.view.status === status ? state : { ...state, view: { ...state.view, status } };
}

function idle(state: FederationState): FederationState {
  return setActivity(state, () => "idle");
}

function setActivity(state: FederationState, of: (party: PartyView) => PartyView["activity"]): FederationState {
  const parties = state.parties.map((party) => {
    const activity = of(party);
    return activity === party.activity ? party : { ...party, activity };
  });
  return parties.every((party, i) => party === state.parties[i]) ? state : { ...state, parties };
}

function changeParty(state: FederationState, id: string, change: (party: PartyView) => Partial<PartyView>) {
  const parties = state.parties.map((party) => (party.id === id ? { ...party, ...change(party) } : party));
  return { ...state, parties };
}

function changeMember(
  state: FederationState,
  round: number,
  party: string,
  change: (member: RoundMember) => Partial<RoundMember>,
): FederationState {
  return changeRound(state, round, ({ members }) => ({
    members: members.map((member) => (member.party === party ? { ...member, ...change(member) } : member)),
  }));
}

/** T of a round, or of the specification where the round is not known. */
function stepsOf({ rounds, view }: FederationState, round: number): number {
  return rounds.find((row) => row.round === round)?.steps ?? view.spec.algorithm.localSteps;
}

function changeRound(state: FederationState, round: number, change: (row: RoundRow) => Partial<RoundRow>) {
  const rounds = state.rounds.map((row) => (row.round === round ? { ...row, ...change(row) } : row));
  return { ...state, rounds };
}
