import { decodeSafetensors, flatten } from "@concord/engine";
import type { FederationView, PartyView, RoundView } from "@concord/protocol";
import { afterEach, describe, expect, it } from "vitest";
import type { Coordinator } from "../src/index.ts";
import { joinAs, json, leaseOf, send } from "./fake-party.ts";
import { eventsOf, startInMemory, tinySpec, untilEvent } from "./federation.ts";

const PAYLOAD = 60;

let coordinator: Coordinator;
afterEach(() => coordinator?.close());

async function read<T>(path: string): Promise<T> {
  return json<T>(await send(coordinator.url, "GET", path, undefined, coordinator.operatorKey));
}

async function modelValues(federation: string): Promise<number[]> {
  const { tensors } = decodeSafetensors(await coordinator.currentModel(federation));
  return flatten(tensors).flatMap(([, { data }]) => [...data]);
}

describe("a federation by federated averaging", () => {
  it("merges by examples, evaluates at the parties, and ends after its rounds", async () => {
    coordinator = await startInMemory();
    await coordinator.createFederation("tiny", tinySpec({ rounds: 2, minimumParties: 2 }));
    const a = await joinAs(coordinator, "tiny", "a", { examples: 1, heldOut: 10 });
    expect(await a.work(0)).toMatchObject({ kind: "wait" });
    const b = await joinAs(coordinator, "tiny", "b", { examples: 3, heldOut: 30 });

    const work = leaseOf(await a.work(), "train");
    expect(work).toMatchObject({ steps: 2, segment: { index: 0, from: 0, to: 2 }, lease: { round: 1 } });
    expect(work.lease.heartbeatSeconds).toBe(5);
    expect(await a.train(work, 1, 0.2)).toEqual({ status: "accepted" });
    expect(await a.work(0)).toMatchObject({ kind: "wait", reason: "others have not replied yet" });
    expect(await b.train(await b.work(), 5, 0.6)).toEqual({ status: "accepted" });

    // (1 · 1 + 3 · 5) / 4
    const evaluation = leaseOf(await a.work(), "evaluate");
    expect(await modelValues("tiny")).toEqual(Array(15).fill(4));
    await a.evaluate(evaluation, 5, 10);
    await b.evaluate(await b.work(), 27, 30);

    await a.train(await a.work(), 0);
    await b.train(await b.work(), 8);
    await a.evaluate(await a.work(), 10, 10);
    await b.evaluate(await b.work(), 30, 30);
    expect(await a.work()).toEqual({ kind: "finished", reason: "the federation has finished" });
    expect(await modelValues("tiny")).toEqual(Array(15).fill(6));

    const view = await read<FederationView>("/v1/federations/tiny");
    expect(view).toMatchObject({ id: "tiny", status: "finished", round: 2, parameters: 15 });
    expect(view).toEqual(await coordinator.federation("tiny"));
    const { rounds } = await read<{ rounds: RoundView[] }>("/v1/federations/tiny/rounds");
    expect(rounds[0]).toMatchObject({
      round: 1,
      status: "finished",
      members: [
        { party: "a", exchanges: [{ every: 2, times: 1 }], reached: 2, missed: [], completed: true },
        { party: "b", exchanges: [{ every: 2, times: 1 }], reached: 2, missed: [], completed: true },
      ],
      trainLoss: (1 * 0.2 + 3 * 0.6) / 4,
      accuracy: 32 / 40,
      loss: 0.5,
      evaluated: { parties: 2, examples: 40 },
    });
    expect(rounds[1]?.accuracy).toBe(1);
    expect(await coordinator.result("tiny")).toMatchObject({
      accuracy: 1,
      accuracySource: "held-out examples of all parties",
      last: { round: 2 },
    });

    const events = (await eventsOf(coordinator, "tiny")).map(({ type }) => type);
    const round = ["round.started", "update.accepted", "update.accepted", "exchange.merged", "round.finished"];
    expect(events).toEqual([
      "invite.created",
      "party.joined",
      "invite.created",
      "party.joined",
      "federation.started",
      ...round,
      ...round,
      "federation.finished",
    ]);
  });

  it("meters payload as the formula has it and the wire above it", async () => {
    coordinator = await startInMemory();
    await coordinator.createFederation("tiny", tinySpec({ rounds: 1 }));
    const a = await joinAs(coordinator, "tiny", "a");
    const work = leaseOf(await a.work(), "train");
    // A repeated download and a repeated upload cross the wire again; as payload they count once.
    await a.download(work.lease.model);
    await a.download(work.lease.model);
    await a.train(work, 1);
    await a.evaluate(await a.work(), 1, 10);
    await a.work();

    const { parties } = await read<{ parties: PartyView[] }>("/v1/federations/tiny/parties");
    const party = parties[0];
    expect(party?.train).toMatchObject({ payloadUp: PAYLOAD, payloadDown: PAYLOAD, indexUp: 0, indexDown: 0 });
    expect(party?.evaluate).toMatchObject({ payloadUp: 0, payloadDown: PAYLOAD });
    expect(party?.train.wireUp).toBeGreaterThan(PAYLOAD + 500);
    expect(party?.train.wireDown).toBeGreaterThan(3 * work.lease.model.bytes + 500);
    expect(party?.train.wireDown).toBeLessThan(10_000);
    expect(await json(await a.request("GET", "/v1/party"))).toMatchObject({
      id: "a",
      updates: 1,
      missed: 0,
      federation: { id: "tiny", status: "finished", round: 1, rounds: 1 },
    });
  });

  it("draws the same members for the same seed, and others wait", async () => {
    const spec = tinySpec({
      rounds: 1,
      minimumParties: 5,
      algorithm: { kind: "fedavg", localSteps: 1, activeParties: 2 },
      evaluation: { every: 1, parties: "members" },
    });
    const draws: unknown[] = [];
    for (const names of [
      ["a", "b", "c", "d", "e"],
      ["e", "d", "c", "b", "a"],
    ]) {
      coordinator = await startInMemory();
      await coordinator.createFederation("tiny", spec);
      const parties = [];
      for (const name of names) parties.push(await joinAs(coordinator, "tiny", name));
      const { members } = await untilEvent(coordinator, "tiny", "round.started");
      draws.push(members);
      for (const party of parties.filter(({ id }) => !members.includes(id))) {
        const reason = "this party was not drawn for this round";
        expect(await party.work(0)).toEqual({ kind: "wait", reason });
      }
      for (const party of parties.filter(({ id }) => members.includes(id))) await party.train(await party.work(), 1);
      for (const party of parties.filter(({ id }) => members.includes(id))) {
        await party.evaluate(await party.work(), 1, 10);
      }
      await untilEvent(coordinator, "tiny", "federation.finished");
      await coordinator.close();
    }
    expect(draws[0]).toHaveLength(2);
    expect(draws[1]).toEqual(draws[0]);
  });

  it("adds up the same bits whatever the order of arrival", async () => {
    const models: number[][] = [];
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
    ]) {
      coordinator = await startInMemory();
      await coordinator.createFederation(
        "tiny",
        tinySpec({ minimumParties: 3, evaluation: { every: 2, parties: "all" } }),
      );
      const values = [0.1, 1e8, -1e8];
      const parties = [];
      for (const i of [0, 1, 2]) {
        parties.push(await joinAs(coordinator, "tiny", `p${i}`, { examples: i + 1, heldOut: 0 }));
      }
      const works = await Promise.all(parties.map((party) => party.work()));
      for (const i of order) await parties[i]?.train(works[i] as never, values[i] as number);
      await untilEvent(coordinator, "tiny", "federation.finished");
      models.push(await modelValues("tiny"));
      await coordinator.close();
    }
    expect(models[1]).toEqual(models[0]);
  });
});

describe("a federation by federated SGD", () => {
  it("exchanges after every step through the same code", async () => {
    coordinator = await startInMemory();
    const algorithm = { kind: "fedsgd", localSteps: 3 } as const;
    await coordinator.createFederation("tiny", tinySpec({ algorithm, minimumParties: 2 }));
    const a = await joinAs(coordinator, "tiny", "a");
    const b = await joinAs(coordinator, "tiny", "b");
    const models: number[][] = [];
    for (let step = 0; step < 3; step++) {
      const [workA, workB] = [leaseOf(await a.work(), "train"), leaseOf(await b.work(), "train")];
      expect(workA.segment).toEqual({ index: step, from: step, to: step + 1 });
      expect(workA.lease.model).toEqual(workB.lease.model);
      await a.train(workA, step);
      await b.train(workB, step + 1);
      await untilEvent(coordinator, "tiny", "exchange.merged", (event) => event.step === step + 1);
      models.push(await modelValues("tiny"));
    }
    expect(models.map((values) => values[0])).toEqual([0.5, 1.5, 2.5]);
    await a.evaluate(await a.work(), 1, 10);
    await b.evaluate(await b.work(), 1, 10);
    await untilEvent(coordinator, "tiny", "federation.finished");
    const [round] = await coordinator.rounds("tiny");
    expect(round?.members[0]?.exchanges).toEqual([{ every: 1, times: 3 }]);
    expect(round).toMatchObject({ steps: 3, merged: 3, group: null });
    const parties = await coordinator.parties("tiny");
    expect(parties.map(({ train }) => train.payloadUp)).toEqual([3 * PAYLOAD, 3 * PAYLOAD]);
    expect(parties.map(({ train }) => train.payloadDown)).toEqual([3 * PAYLOAD, 3 * PAYLOAD]);
  });
});

describe("evaluation", () => {
  it("comes after every so many rounds and after the last", async () => {
    coordinator = await startInMemory();
    await coordinator.createFederation("tiny", tinySpec({ rounds: 3, evaluation: { every: 2, parties: "all" } }));
    const a = await joinAs(coordinator, "tiny", "a");
    const accuracies: (number | null)[] = [];
    for (let round = 1; round <= 3; round++) {
      await a.train(await a.work(), round);
      if (round > 1) await a.evaluate(await a.work(), round, 10);
      const { accuracy } = await untilEvent(coordinator, "tiny", "round.finished", (event) => event.round === round);
      accuracies.push(accuracy);
    }
    expect(accuracies).toEqual([null, 0.2, 0.3]);
  });

  it("takes no more examples than the party declared", async () => {
    coordinator = await startInMemory();
    await coordinator.createFederation("tiny", tinySpec());
    const a = await joinAs(coordinator, "tiny", "a", { heldOut: 10 });
    await a.train(await a.work(), 1);
    const work = await a.work();
    await expect(a.evaluate(work, 1e9, 1e9)).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("declared 10 held-out"),
    });
    expect(await a.evaluate(work, 4, 10)).toEqual({ status: "accepted" });
    expect((await untilEvent(coordinator, "tiny", "round.finished")).accuracy).toBe(0.4);
  });
});

describe("several federations", () => {
  it("live side by side and know nothing of each other's parties", async () => {
    coordinator = await startInMemory();
    await coordinator.createFederation("one", tinySpec());
    await coordinator.createFederation("two", tinySpec({ seed: 8 }));
    await expect(coordinator.createFederation("two", tinySpec())).rejects.toMatchObject({
      code: "failed_precondition",
    });
    const a = await joinAs(coordinator, "one", "a");
    const b = await joinAs(coordinator, "two", "a");
    const [workA, workB] = [leaseOf(await a.work(), "train"), leaseOf(await b.work(), "train")];
    expect(workA.lease.model.sha256).not.toBe(workB.lease.model.sha256);
    await expect(a.download(workB.lease.model)).rejects.toMatchObject({ code: "permission_denied" });
    await coordinator.stop("one", "enough");
    // Between the lease and its model: "gone" sends a party back to ask, where a lack of permission would end it for good.
    await expect(a.download(workA.lease.model)).rejects.toMatchObject({ code: "gone" });
    expect(await a.work()).toEqual({ kind: "finished", reason: "the federation was stopped" });
    expect((await coordinator.federations()).map(({ id, status }) => [id, status])).toEqual([
      ["one", "stopped"],
      ["two", "running"],
    ]);
    expect(await b.train(workB, 1)).toEqual({ status: "accepted" });
  });
});
