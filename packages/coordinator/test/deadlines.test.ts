import { decodeSafetensors, flatten } from "@concord/engine";
import type { FederationSpec } from "@concord/federation";
import { afterEach, describe, expect, it } from "vitest";
import type { Clock, Coordinator } from "../src/index.ts";
import type { FakeParty } from "./fake-party.ts";
import { joinAs, leaseOf } from "./fake-party.ts";
import { eventsOf, startInMemory, tinySpec } from "./federation.ts";
import { manualClock } from "./manual-clock.ts";

const { clock, advance } = manualClock(() => coordinator.settled());
let coordinator: Coordinator;
afterEach(() => coordinator.close());

/** The labels of a are like those of all three: DynamicFL takes it into the fast group. */
const LABELS: Readonly<Record<string, number[]>> = { a: [2, 1, 1], b: [3, 1, 0], c: [1, 1, 2] };

/** A federation without evaluation, and its parties a, b, c … in that order. */
async function start(count: number, change: Partial<FederationSpec>, time: Clock = clock): Promise<FakeParty[]> {
  coordinator = await startInMemory({ clock: time });
  const spec = tinySpec({
    minimumParties: count,
    exchangeDeadline: 60,
    roundDeadline: 600,
    leaseSeconds: 30,
    ...change,
  });
  await coordinator.createFederation("tiny", spec);
  const parties: FakeParty[] = [];
  for (const name of ["a", "b", "c", "d"].slice(0, count)) {
    const labels = LABELS[name];
    parties.push(await joinAs(coordinator, "tiny", name, { heldOut: 0, examples: 4, ...(labels && { labels }) }));
  }
  await coordinator.settled();
  return parties;
}

/** A clock that leaps ahead between two readings, as one does for a process that is not let run for a while. */
function leapingClock() {
  const { clock, advance } = manualClock(() => coordinator.settled());
  let readings = Number.POSITIVE_INFINITY;
  let seconds = 0;
  return {
    advance,
    leapAfter(count: number, by: number): void {
      readings = count;
      seconds = by;
    },
    clock: {
      after: clock.after,
      now: () => clock.now() + (readings-- > 0 ? 0 : 1000 * seconds),
    } satisfies Clock,
  };
}

async function typesOf(): Promise<string[]> {
  const events = await eventsOf(coordinator, "tiny");
  return events.map(({ type }) => type).filter((type) => type !== "invite.created" && type !== "party.joined");
}

async function statuses(): Promise<Record<string, string>> {
  await coordinator.settled();
  return Object.fromEntries((await coordinator.parties("tiny")).map(({ id, status }) => [id, status]));
}

/** Expects that the global model holds this value when everything is done that can be. */
async function becomes(value: number): Promise<void> {
  await coordinator.settled();
  expect(flatten(decodeSafetensors(await coordinator.currentModel("tiny")).tensors)[0]?.[1].data[0]).toBe(value);
}

describe("an exchange", () => {
  it("drops who has not replied at its deadline, if the quorum has", async () => {
    const [a, b, c] = (await start(3, { quorum: 0.5, rounds: 2 })) as [FakeParty, FakeParty, FakeParty];
    await a.train(await a.work(), 1);
    await b.train(await b.work(), 3);
    const lost = leaseOf(await c.work(), "train");
    await advance(59);
    await c.heartbeat(lost.lease.id);
    expect((await coordinator.federation("tiny")).round).toBe(0);
    await advance(1);
    await becomes(2);
    const events = await eventsOf(coordinator, "tiny");
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "party.dropped",
        party: "c",
        round: 1,
        step: 2,
        reason: "it did not reply within 60 s",
      }),
    );
    await expect(c.heartbeat(lost.lease.id)).rejects.toMatchObject({ code: "gone" });
    // It goes on in the next round, from the current model.
    expect(leaseOf(await c.work(), "train").lease).toMatchObject({ round: 2 });
    expect((await coordinator.parties("tiny")).map(({ updates, missed }) => [updates, missed])).toEqual([
      [1, 0],
      [1, 0],
      [0, 1],
    ]);
    const [round] = await coordinator.rounds("tiny");
    expect(round?.members.map(({ completed }) => completed)).toEqual([true, true, false]);
  });

  it("waits beyond its deadline until the quorum is there, then goes on at once", async () => {
    const [a, b] = (await start(4, { quorum: 0.5 })) as [FakeParty, FakeParty];
    await a.train(await a.work(), 1);
    await advance(120);
    expect(await typesOf()).not.toContain("party.dropped");
    await b.train(await b.work(), 3);
    await becomes(2);
    expect((await typesOf()).filter((type) => type === "party.dropped")).toHaveLength(2);
  });

  it("is not waited for in vain if its deadline passes at any moment of the coordinator's work", async () => {
    for (let readings = 0; readings < 12; readings++) {
      const leaping = leapingClock();
      const [a] = (await start(2, { quorum: 0.5 }, leaping.clock)) as [FakeParty];
      const work = await a.work();
      leaping.leapAfter(readings, 60);
      await a.train(work, 1);
      await leaping.advance(61);
      expect(await coordinator.federation("tiny"), `${readings} readings`).toMatchObject({ status: "finished" });
      await coordinator.close();
    }
  });

  it("with quorum all waits for everybody", async () => {
    const [a, b] = (await start(2, { quorum: "all" })) as [FakeParty, FakeParty];
    await a.train(await a.work(), 1);
    const work = await b.work();
    await advance(500);
    expect(await b.train(work, 3)).toEqual({ status: "accepted" });
    await becomes(2);
  });

  it("does not wait for who leaves, whatever the quorum", async () => {
    const [a, b] = (await start(2, { quorum: "all", rounds: 2 })) as [FakeParty, FakeParty];
    await a.train(await a.work(), 1);
    await b.work();
    await b.setStatus("left");
    await becomes(1);
    expect(await eventsOf(coordinator, "tiny")).toContainEqual(
      expect.objectContaining({ type: "party.dropped", party: "b", reason: "it has left" }),
    );
    expect(await b.work()).toMatchObject({ kind: "finished", reason: "this party has left the federation" });
    await expect(b.setStatus("active")).rejects.toMatchObject({ code: "failed_precondition" });
    const [, second] = await coordinator.rounds("tiny");
    expect(second?.members.map(({ party }) => party)).toEqual(["a"]);
  });

  it("of several in a round drops a silent party from each, and it may rejoin at the next", async () => {
    const algorithm = { kind: "fedsgd", localSteps: 3 } as const;
    const [a, b] = (await start(2, { quorum: 0.5, algorithm, leaseSeconds: 30 })) as [FakeParty, FakeParty];
    await a.train(await a.work(), 1);
    await advance(60);
    // b was silent for longer than a lease, so it is absent, and nobody waits for it at the second step.
    expect(await statuses()).toEqual({ a: "active", b: "absent" });
    await a.train(await a.work(), 2);
    await becomes(2);
    const work = leaseOf(await b.work(), "train");
    expect(work.segment).toEqual({ index: 2, from: 2, to: 3 });
    expect(await statuses()).toEqual({ a: "active", b: "active" });
    await b.train(work, 7);
    await a.train(await a.work(), 3);
    await becomes(5);
    const [round] = await coordinator.rounds("tiny");
    expect(round?.members).toMatchObject([{ completed: true }, { completed: true }]);
  });
});

describe("an exchange of a fast group", () => {
  /** a exchanges at steps 4, 8 and 12, b and c at 12 alone. */
  const algorithm = { kind: "dynamicfl", localSteps: 12, levels: ["b", "g"], p: 0.4 } as const;
  const dynamic = { algorithm } as unknown as Partial<FederationSpec>;

  it("that nobody reaches is empty, and neither stops the round nor disturbs the slow parties", async () => {
    const [a, b, c] = (await start(3, { quorum: 0.6, ...dynamic })) as [FakeParty, FakeParty, FakeParty];
    const before = await coordinator.currentModel("tiny");
    const [workB, workC] = [leaseOf(await b.work(), "train"), leaseOf(await c.work(), "train")];
    expect([workB.segment, workC.segment]).toEqual(Array(2).fill({ index: 0, from: 0, to: 12 }));
    await advance(59);
    expect(await merges()).toEqual([]);
    for (const [party, { lease }] of [[b, workB], [c, workC]] as const) await party.heartbeat(lease.id); // biome-ignore format: a table
    await advance(1);
    expect(await merges()).toEqual([
      [4, [], ["a"]],
      [8, [], ["a"]],
    ]);
    expect(await coordinator.currentModel("tiny")).toEqual(before);

    // It comes back, and rejoins at its next due step from the model that is current for it.
    const back = leaseOf(await a.work(), "train");
    expect(back.segment).toEqual({ index: 2, from: 8, to: 12 });
    const [round] = await coordinator.rounds("tiny");
    expect(round).toMatchObject({
      steps: 12,
      merged: 8,
      group: { parties: ["a"] },
      members: [
        { party: "a", exchanges: [{ every: 4, times: 3 }], reached: 8, missed: [4, 8], completed: false },
        { party: "b", exchanges: [{ every: 12, times: 1 }], reached: 0, missed: [] },
        { party: "c", exchanges: [{ every: 12, times: 1 }], reached: 0, missed: [] },
      ],
    });
    await a.train(back, 0);
    await b.train(workB, 6);
    await c.train(workC, 6);
    await becomes(4);
    expect((await coordinator.rounds("tiny"))[0]).toMatchObject({
      status: "finished",
      merged: 12,
      members: [{ reached: 12, missed: [4, 8], completed: true }, { missed: [] }, { missed: [] }],
    });
    expect((await coordinator.parties("tiny")).map(({ train }) => train.payloadDown / 60)).toEqual([1, 1, 1]);
  });

  it("counts members who are not due yet as there, and waits for the rest of the quorum", async () => {
    const [, b, c] = (await start(3, { quorum: 0.9, ...dynamic })) as [FakeParty, FakeParty, FakeParty];
    const works = [await b.work(), await c.work()];
    await advance(120);
    expect(await merges()).toEqual([]);
    await advance(480);
    expect(await eventsOf(coordinator, "tiny")).toContainEqual(
      expect.objectContaining({
        type: "round.void",
        reason: "0 of 1 parties replied at step 4 within 600 s, the quorum is 1",
      }),
    );
    expect(await b.train(works[0] as never, 1).catch(({ code }) => code)).toBe("gone");
  });

  it("that nobody reaches ends the round where nobody is left for a later one", async () => {
    const parties = await start(3, { quorum: 0.6, ...dynamic });
    for (const party of parties.reverse()) await party.setStatus("left");
    await coordinator.settled();
    expect(await typesOf()).toContain("round.void");
    expect(await merges()).toEqual([]);
  });

  async function merges() {
    const events = await eventsOf(coordinator, "tiny");
    return events.flatMap((e) => (e.type === "exchange.merged" ? [[e.step, e.parties, e.missing]] : []));
  }
});

describe("a party that is not heard from", () => {
  it("is absent a lease after it was dropped, and is not drawn until it comes back", async () => {
    const [a, b] = (await start(2, { quorum: 0.5, rounds: 4, exchangeDeadline: 10 })) as [FakeParty, FakeParty];
    await b.work();
    await a.train(await a.work(), 1);
    await advance(10);
    // Dropped, but its last contact is 10 s ago and a lease has 30: it is a member of round 2.
    expect(await statuses()).toEqual({ a: "active", b: "active" });
    await advance(20);
    expect(await statuses()).toEqual({ a: "active", b: "absent" });
    await a.train(await a.work(), 1);
    await coordinator.settled();
    const rounds = await coordinator.rounds("tiny");
    expect(rounds.map(({ members }) => members.map(({ party }) => party))).toEqual([["a", "b"], ["a", "b"], ["a"]]);
    expect((await coordinator.parties("tiny"))[1]).toMatchObject({ online: false, missed: 2 });
    expect(await b.work(0)).toMatchObject({ kind: "wait" });
    expect(await statuses()).toEqual({ a: "active", b: "active" });
    await a.train(await a.work(), 1);
    expect(leaseOf(await b.work(), "train").lease.round).toBe(4);
    expect((await typesOf()).filter((type) => type === "party.status")).toHaveLength(2);
  });

  it("stays active while its heartbeats come", async () => {
    const [a, b] = (await start(2, { quorum: 0.5, exchangeDeadline: 10, rounds: 2 })) as [FakeParty, FakeParty];
    const { lease } = leaseOf(await b.work(), "train");
    await a.train(await a.work(), 1);
    await advance(5);
    await b.heartbeat(lease.id);
    await advance(29);
    expect(await statuses()).toMatchObject({ b: "active" });
    await advance(1);
    expect(await statuses()).toMatchObject({ b: "absent" });
  });
});

describe("a round", () => {
  it("without its quorum at its deadline is void, and the state goes back", async () => {
    const algorithm = { kind: "fedsgd", localSteps: 2 } as const;
    const [a, b] = (await start(2, { quorum: "all", rounds: 3, algorithm })) as [FakeParty, FakeParty];
    const before = await coordinator.currentModel("tiny");
    await a.train(await a.work(), 1);
    await b.train(await b.work(), 3);
    await becomes(2);
    const lost = leaseOf(await a.work(), "train");
    await advance(600);
    expect(await coordinator.currentModel("tiny")).toEqual(before);
    expect(await eventsOf(coordinator, "tiny")).toContainEqual(
      expect.objectContaining({
        type: "round.void",
        round: 1,
        reason: "0 of 2 parties replied at step 2 within 600 s, the quorum is all of them",
      }),
    );
    await expect(a.heartbeat(lost.lease.id)).rejects.toMatchObject({ code: "gone" });
    // Both were silent for ten minutes: nobody is drawn until somebody is heard from.
    expect(leaseOf(await a.work(1), "train").lease.round).toBe(2);
    const [first, second] = await coordinator.rounds("tiny");
    expect(first).toMatchObject({ status: "void", accuracy: null });
    expect(second).toMatchObject({ status: "training", members: [{ party: "a" }] });
  });

  it("that is void and the last ends the federation", async () => {
    await start(1, { rounds: 1 });
    const before = await coordinator.currentModel("tiny");
    await advance(600);
    expect(await coordinator.federation("tiny")).toMatchObject({ status: "finished", round: 1 });
    expect(await coordinator.currentModel("tiny")).toEqual(before);
    expect((await typesOf()).slice(-2)).toEqual(["round.void", "federation.finished"]);
  });

  it("of which all members have left is void at once, and the federation waits for others", async () => {
    const [a] = (await start(1, { rounds: 2 })) as [FakeParty];
    await a.work();
    await a.setStatus("paused");
    await advance(0);
    expect(await coordinator.federation("tiny")).toMatchObject({ status: "waiting", round: 1 });
    expect(await a.work(0)).toEqual({ kind: "wait", reason: "this party has paused" });
    await a.setStatus("active");
    await advance(0);
    expect(await coordinator.federation("tiny")).toMatchObject({ status: "running" });
    expect(leaseOf(await a.work(), "train").lease.round).toBe(2);
  });
});

describe("an evaluation", () => {
  it("goes on without those who do not reply in time", async () => {
    coordinator = await startInMemory({ clock });
    const spec = tinySpec({ minimumParties: 3, exchangeDeadline: 60, evaluation: { every: 1, parties: "all" } });
    await coordinator.createFederation("tiny", spec);
    const a = await joinAs(coordinator, "tiny", "a");
    const b = await joinAs(coordinator, "tiny", "b");
    const c = await joinAs(coordinator, "tiny", "c");
    for (const party of [a, b, c]) await party.train(await party.work(), 1);
    await a.evaluate(await a.work(), 5, 10);
    const late = leaseOf(await b.work(), "evaluate");
    await c.setStatus("left");
    await advance(59);
    expect((await coordinator.federation("tiny")).status).toBe("running");
    await advance(1);
    const [round] = await coordinator.rounds("tiny");
    expect(round).toMatchObject({ status: "finished", accuracy: 0.5, evaluated: { parties: 1, examples: 10 } });
    expect(await b.evaluate(late, 1, 10).catch(({ code }) => code)).toBe("gone");
    const evaluation = { accuracy: { sum: 1, count: 10 } };
    expect(await b.reply(late.lease.id, { kind: "evaluate", evaluation })).toEqual({ status: "late" });
  });
});

describe("closing", () => {
  it("leaves no timer behind, whatever was under way", async () => {
    const { clock: own, timers } = manualClock(() => coordinator.settled());
    for (const tasks of [0, 1, 2, 3]) {
      coordinator = await startInMemory({ clock: own });
      await coordinator.createFederation("tiny", tinySpec());
      const a = await joinAs(coordinator, "tiny", "a");
      await a.train(await a.work(), 1);
      // The round goes on to its evaluation, whose deadline is set while the coordinator closes.
      for (let i = 0; i < tasks; i++) await coordinator.createInvite("tiny");
      await coordinator.close();
      expect(timers()).toBe(0);
    }
  });
});
