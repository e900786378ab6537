import type { ConcordEvent, FederationView, NewEvent, PartyView } from "@concord/protocol";
import { describe, expect, it, vi } from "vitest";
import { applyEvents } from "./apply-event.ts";
import { accuracyByBytes, accuracyColumns, finishedRounds, lossColumns } from "./curves.ts";
import { fromSnapshot, LOG_LIMIT, withSnapshot } from "./federation-state.ts";
import { bytesByParty, figuresOf, secondsLeft } from "./figures.ts";
import { createStore } from "./store.ts";

const view: FederationView = {
  id: "f",
  spec: {
    name: "Digits",
    dataset: "generated handwriting",
    task: {
      model: { kind: "softmax" },
      inputShape: [2, 2, 1],
      outputs: 2,
      loss: "cross-entropy",
      optimizer: { kind: "sgd" },
      learningRate: 0.1,
      batchSize: 4,
    },
    algorithm: { kind: "fedavg", localSteps: 20 },
    rounds: 3,
    seed: 1,
    minimumParties: 2,
    quorum: "all",
    exchangeDeadline: 60,
    roundDeadline: 600,
    leaseSeconds: 30,
    evaluation: { every: 1, parties: "all" },
  },
  status: "waiting",
  createdAt: "2026-11-03T16:00:00Z",
  round: 0,
  parameters: 10,
  model: null,
  accuracySource: "held-out examples at the parties",
};

const empty = fromSnapshot({ view, parties: [], rounds: [], last: 0 });
let seq = 0;
const event = (rest: NewEvent): ConcordEvent =>
  ({ ...rest, seq: ++seq, time: new Date(Date.UTC(2026, 10, 3, 16, 0, seq)).toISOString() }) as ConcordEvent;
const federation = "f";
const joined = (party: string, examples = 100) =>
  event({ type: "party.joined", federation, party, name: party.toUpperCase(), examples, client: "node" });
const started = (round: number, members: string[]) =>
  event({ type: "round.started", federation, round, members, steps: 20 });
const accepted = (round: number, party: string, step = 20) =>
  event({ type: "update.accepted", federation, party, round, step, loss: 0.5, bytes: 1_000 });
const merged = (round: number, parties: string[], missing: string[] = [], step = 20) =>
  event({ type: "exchange.merged", federation, round, step, parties, missing });
const finished = (round: number, accuracy: number | null, loss: number | null = 0.4, seconds = 2) =>
  event({
    type: "round.finished",
    federation,
    round,
    accuracy,
    loss,
    trainLoss: 0.5,
    evaluatedExamples: 40,
    parties: 2,
    seconds,
    wireUp: 2_000 * round,
    wireDown: 3_000 * round,
  });
const dropped = (round: number, party: string, step = 20) =>
  event({ type: "party.dropped", federation, party, round, step, reason: "no reply in time" });

describe("applyEvents", () => {
  it("follows a round from its start to its result", () => {
    let state = applyEvents(empty, [event({ type: "federation.started", federation }), joined("b"), joined("a")]);
    expect(state.view.status).toBe("running");
    expect(state.parties.map(({ id, name }) => [id, name])).toEqual([
      ["a", "A"],
      ["b", "B"],
    ]);

    state = applyEvents(state, [started(1, ["a", "b"])]);
    expect(state.parties.map(({ activity }) => activity)).toEqual(["training", "training"]);
    expect(state.rounds).toMatchObject([{ round: 1, status: "training", dropped: [] }]);

    state = applyEvents(state, [accepted(1, "a")]);
    expect(state.parties[0]).toMatchObject({ activity: "idle", updates: 1, train: { wireUp: 1_000 } });
    expect(state.rounds[0]?.members).toMatchObject([
      { party: "a", completed: true },
      { party: "b", completed: false },
    ]);

    state = applyEvents(state, [accepted(1, "b"), merged(1, ["a", "b"])]);
    expect(state.rounds[0]?.status).toBe("evaluating");
    expect(state.parties.map(({ activity }) => activity)).toEqual(["evaluating", "evaluating"]);

    state = applyEvents(state, [finished(1, 0.75)]);
    expect(state.view.round).toBe(1);
    expect(state.parties.map(({ activity }) => activity)).toEqual(["idle", "idle"]);
    expect(state.rounds[0]).toMatchObject({
      status: "finished",
      accuracy: 0.75,
      loss: 0.4,
      seconds: 2,
      wireUp: 2_000,
      evaluated: { parties: 2, examples: 40 },
    });
  });

  it("follows the exchanges of a round with schedules of its own", () => {
    const schedules = [
      { parties: ["a", "b"], exchanges: [{ every: 5, times: 4 }] },
      { parties: ["c"], exchanges: [{ every: 20, times: 1 }] },
    ];
    const group = { parties: ["a", "b"], divergence: 0.25 };
    const begun = event({
      type: "round.started",
      federation,
      round: 1,
      members: ["a", "b", "c"],
      steps: 20,
      schedules,
      group,
    });
    let state = applyEvents(empty, [joined("a"), joined("b"), joined("c"), begun, accepted(1, "a", 5)]);
    const members = () => state.rounds[0]?.members.map(({ reached, missed }) => [reached, missed]);
    expect(state.rounds[0]).toMatchObject({
      steps: 20,
      group,
      merged: 0,
      members: [{ exchanges: schedules[0]?.exchanges }, {}, {}],
    });
    expect(members()).toEqual([[5, []], [0, []], [0, []]]); // biome-ignore format: a table

    state = applyEvents(state, [dropped(1, "b", 5), merged(1, ["a"], ["b"], 5)]);
    expect(members()).toEqual([[5, []], [5, [5]], [0, []]]); // biome-ignore format: a table
    expect(state.rounds[0]).toMatchObject({ merged: 5, status: "training" });
    expect(state.parties.map(({ activity }) => activity)).toEqual(["training", "idle", "training"]);

    // It is back with its next update.
    state = applyEvents(state, [accepted(1, "b", 10), accepted(1, "a", 10), merged(1, ["a", "b"], [], 10)]);
    expect(members()).toEqual([[10, []], [10, [5]], [0, []]]); // biome-ignore format: a table
    expect(state.parties.map(({ activity }) => activity)).toEqual(["training", "training", "training"]);
    expect(state.rounds[0]?.members.every(({ completed }) => !completed)).toBe(true);
  });

  it("does not go back to a snapshot that events have overtaken", () => {
    const begun = applyEvents(empty, [joined("a"), started(1, ["a"])]);
    const later = applyEvents(begun, [accepted(1, "a", 10)]);
    expect(withSnapshot(later, begun).rounds[0]?.members[0]?.reached).toBe(10);
  });

  it("keeps a party training between two exchanges of one round", () => {
    const state = applyEvents(empty, [joined("a"), started(1, ["a"]), accepted(1, "a", 10), merged(1, ["a"], [], 10)]);
    expect(state.rounds[0]).toMatchObject({ status: "training", members: [{ completed: false }] });
    expect(state.parties[0]).toMatchObject({ activity: "training", updates: 1 });
  });

  it("notes who was dropped, once", () => {
    const before = applyEvents(empty, [joined("a"), joined("b"), started(1, ["a", "b"])]);
    const drop = dropped(1, "b");
    const state = applyEvents(applyEvents(before, [drop]), [drop]);
    expect(state.rounds[0]?.dropped).toEqual([{ party: "b", step: 20, reason: "no reply in time" }]);
    expect(state.parties[1]).toMatchObject({ missed: 1, activity: "idle" });
  });

  it("takes a void round and a stopped federation for what they are", () => {
    const state = applyEvents(empty, [
      joined("a"),
      started(1, ["a"]),
      event({ type: "round.void", federation, round: 1, reason: "no quorum" }),
      event({ type: "federation.stopped", federation, reason: "by the operator" }),
    ]);
    expect(state.rounds[0]).toMatchObject({ status: "void", voidReason: "no quorum" });
    expect(state.view.status).toBe("stopped");
    expect(state.stopReason).toBe("by the operator");
    expect(state.parties[0]?.activity).toBe("idle");
  });

  it("shows a party that pauses, goes missing and leaves", () => {
    const status = (to: PartyView["status"]) =>
      event({ type: "party.status", federation, party: "a", status: to, reason: "" });
    const at = (to: PartyView["status"]) => applyEvents(empty, [joined("a"), started(1, ["a"]), status(to)]).parties[0];
    expect(at("paused")).toMatchObject({ status: "paused", online: true, activity: "idle" });
    expect(at("absent")).toMatchObject({ status: "absent", online: false });
    expect(at("left")).toMatchObject({ status: "left", online: false });
  });

  it("changes nothing for events that it has seen or that are of another federation", () => {
    const events = [joined("a"), started(1, ["a"]), accepted(1, "a")];
    const once = applyEvents(empty, events);
    expect(applyEvents(once, events)).toBe(once);
    expect(applyEvents(once, [{ ...joined("z"), federation: "other" }])).toBe(once);
  });

  it("takes only reasons and lines of the log from events that the snapshot has counted", () => {
    const events = [
      joined("a"),
      joined("b"),
      started(1, ["a", "b"]),
      accepted(1, "a"),
      dropped(1, "b"),
      merged(1, ["a"], ["b"]),
      finished(1, 0.5, 0.4, 4),
    ];
    const live = applyEvents(empty, [...events, started(2, ["a"])]);
    const { view, parties, rounds } = live;
    const unknown = rounds.map((row) => ({ ...row, dropped: [] }));
    const reloaded = fromSnapshot({ view, parties, rounds: unknown, last: seq });
    const state = applyEvents({ ...reloaded, seq: 0 }, events);
    expect(state.parties).toEqual(live.parties);
    expect(state.rounds).toEqual(live.rounds);
    expect(state.log).toHaveLength(events.length);
  });

  it("asks for the end of a long history only", () => {
    expect(fromSnapshot({ view, parties: [], rounds: [], last: 10 * LOG_LIMIT }).seq).toBe(9 * LOG_LIMIT);
  });

  it("keeps the log within its limit, the latest last", () => {
    const many = Array.from({ length: LOG_LIMIT + 5 }, () =>
      event({ type: "federation.resumed", federation, round: 1 }),
    );
    const { log } = applyEvents(empty, many);
    expect(log).toHaveLength(LOG_LIMIT);
    expect(log.at(-1)).toBe(many.at(-1));
  });
});

describe("withSnapshot", () => {
  it("keeps the identity of rows that have not changed, and what only events told", () => {
    const state = applyEvents(empty, [joined("a"), joined("b"), started(1, ["a", "b"]), dropped(1, "b")]);
    const parties = structuredClone(state.parties) as PartyView[];
    const later = withSnapshot(state, {
      view: structuredClone(state.view),
      parties: parties.map((party) => (party.id === "b" ? { ...party, heldOut: 9 } : party)),
      rounds: structuredClone([...state.rounds]),
    });
    expect(later.view).toBe(state.view);
    expect(later.parties[0]).toBe(state.parties[0]);
    expect(later.parties[1]?.heldOut).toBe(9);
    expect(later.rounds).toBe(state.rounds);
    expect(later.rounds[0]?.dropped).toHaveLength(1);
  });
});

describe("figures", () => {
  const run = applyEvents(empty, [
    event({ type: "federation.started", federation }),
    joined("a"),
    joined("b"),
    started(1, ["a", "b"]),
    accepted(1, "a"),
    finished(1, 0.5, 0.9, 4),
    started(2, ["a", "b"]),
    finished(2, 0.8, 0.6, 2),
    started(3, ["a", "b"]),
  ]);

  it("show the latest measured round, its change and the best", () => {
    const figures = figuresOf(run);
    expect(figures.measured?.round).toBe(2);
    expect(figures.accuracyChange).toBeCloseTo(0.3);
    expect(figures.best?.round).toBe(2);
    expect(figures).toMatchObject({ online: 2, present: 2, wireUp: 4_000, wireDown: 6_000 });
  });

  it("skip rounds without an evaluation", () => {
    const unmeasured = applyEvents(run, [finished(3, null, null)]);
    expect(figuresOf(unmeasured).measured?.round).toBe(2);
  });

  it("estimate the time left from the median round", () => {
    expect(secondsLeft(run.view, run.rounds)).toBe(3);
    expect(secondsLeft(run.view, [])).toBeNull();
    expect(secondsLeft({ ...run.view, status: "finished" }, run.rounds)).toBeNull();
  });

  it("sort parties by bytes", () => {
    expect(bytesByParty(run.parties).map(({ id, up }) => [id, up.train])).toEqual([
      ["a", 1_000],
      ["b", 0],
    ]);
  });

  it("make columns of the finished rounds", () => {
    const [rounds, accuracy] = accuracyColumns(finishedRounds(run.rounds));
    expect(rounds).toEqual([1, 2]);
    expect(accuracy).toEqual([50, 80]);
    expect(accuracyByBytes(finishedRounds(run.rounds))).toEqual([
      [5_000, 10_000],
      [50, 80],
    ]);
    expect(lossColumns(finishedRounds(run.rounds))).toEqual([
      [1, 2],
      [0.9, 0.6],
      [0.5, 0.5],
    ]);
  });
});

describe("createStore", () => {
  it("tells listeners of changes only", () => {
    const store = createStore({ n: 1 });
    const listener = vi.fn();
    const stop = store.subscribe(listener);
    store.update((state) => state);
    expect(listener).not.toHaveBeenCalled();
    store.update(({ n }) => ({ n: n + 1 }));
    expect(listener).toHaveBeenCalledTimes(1);
    stop();
    store.update(({ n }) => ({ n: n + 1 }));
    expect(listener).toHaveBeenCalledTimes(1);
    expect(store.get()).toEqual({ n: 3 });
  });
});
