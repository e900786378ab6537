import type { NewEvent } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { InviteRecord, KeyRecord, Store, Transaction } from "./contract.ts";
import {
  blob,
  federationRecord,
  leaseRecord,
  mergeRecord,
  partyRecord,
  roundRecord,
  segmentRecord,
  trafficRecord,
} from "./suite-records.ts";

/** A store to be tested, and how to come back to it as after a restart. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens what it kept. */
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

/** What every implementation of `Store` must do, as tests with known answers. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of a store`, () => {
    let tested: StoreUnderTest;
    let store: Store;
    const run = <T>(work: (tx: Transaction) => Promise<T>) => store.transaction(work);

    beforeEach(async () => {
      tested = await make();
      store = tested.store;
    });
    afterEach(() => tested.dispose());

    /** The federation "digits" with round 1, which most records belong to. */
    const begin = () =>
      run(async (tx) => {
        await tx.federations.insert(federationRecord("digits"));
        await tx.rounds.insert(roundRecord("digits", 1));
      });

    describe("transactions", () => {
      it("return what the work returns", async () => {
        expect(await run(async () => 42)).toBe(42);
      });

      it("keep nothing of work that throws, and pass the error through", async () => {
        await begin();
        const error = new Error("changed my mind");
        const failing = run(async (tx) => {
          await tx.federations.insert(federationRecord("other"));
          await tx.federations.update("digits", { status: "running" });
          await tx.events.append({ type: "federation.started", federation: "digits" }, 0);
          await tx.traffic.add(trafficRecord("a", 1, { wireUp: 1 }));
          throw error;
        });
        await expect(failing).rejects.toBe(error);
        await run(async (tx) => {
          expect(await tx.federations.get("other")).toBeUndefined();
          expect(await tx.federations.get("digits")).toEqual(federationRecord("digits"));
          expect(await tx.events.last()).toBe(0);
          expect(await tx.traffic.list("digits")).toEqual([]);
        });
      });

      it("see their own changes", async () => {
        await run(async (tx) => {
          await tx.federations.insert(federationRecord("digits"));
          expect(await tx.federations.get("digits")).toEqual(federationRecord("digits"));
        });
      });

      it("run one after the other, in the order in which they were begun", async () => {
        await run((tx) => tx.federations.insert(federationRecord("digits")));
        const order: number[] = [];
        const increments = Array.from({ length: 20 }, (_, i) =>
          run(async (tx) => {
            const before = await tx.federations.get("digits");
            // Time for the others to get in between, if they could.
            await new Promise((resolve) => setTimeout(resolve, i % 3));
            await tx.federations.update("digits", { round: (before?.round ?? 0) + 1 });
            order.push(i);
          }),
        );
        await Promise.all(increments);
        expect(await run(async (tx) => (await tx.federations.get("digits"))?.round)).toBe(20);
        expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
      });

      it("go on after one that failed", async () => {
        const results = await Promise.allSettled([
          run((tx) => tx.federations.insert(federationRecord("a"))),
          run(() => Promise.reject(new Error("no"))),
          run((tx) => tx.federations.insert(federationRecord("b"))),
        ]);
        expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
        expect(await run(async (tx) => (await tx.federations.list()).map((f) => f.id))).toEqual(["a", "b"]);
      });

      it("may go on after a refusal, which itself changes nothing", async () => {
        await begin();
        await run(async (tx) => {
          await tx.leases.put(leaseRecord("l1", "a"));
          await tx.leases.put(leaseRecord("l2", "b"));
          await refused(tx.federations.insert(federationRecord("digits")));
          await refused(tx.parties.insert(partyRecord("nowhere", "a")));
          await refused(tx.leases.put(leaseRecord("l1", "b")));
          await refused(tx.leases.put(leaseRecord("l3", "b", { round: 9 })));
          await tx.parties.insert(partyRecord("digits", "a"));
        });
        await run(async (tx) => {
          expect((await tx.leases.list("digits")).map((lease) => lease.id)).toEqual(["l1", "l2"]);
          expect(await tx.parties.list("digits")).toHaveLength(1);
        });
      });

      it("cannot be used when they are over", async () => {
        const leaked = await run(async (tx) => ({ tx }));
        await expect(leaked.tx.federations.insert(federationRecord("late"))).rejects.toThrow();
        await expect(leaked.tx.federations.list()).rejects.toThrow();
        expect(await run((tx) => tx.federations.list())).toEqual([]);
      });

      it("are refused once the store is closed, which waits for those before", async () => {
        const before = run((tx) => tx.federations.insert(federationRecord("digits")));
        const closing = store.close();
        const after = run((tx) => tx.federations.list());
        await expect(before).resolves.toBeUndefined();
        await closing;
        await expect(after).rejects.toMatchObject({ code: "unavailable" });
        await store.close();
      });

      it("last", async () => {
        await begin();
        await run(async (tx) => {
          await tx.parties.insert(partyRecord("digits", "a", { labels: [1, 2] }));
          await tx.events.append({ type: "federation.started", federation: "digits" }, 5);
          await tx.leases.put(leaseRecord("l1", "a"));
          await tx.traffic.add(trafficRecord("a", 1, { wireUp: 12 }));
          await tx.keys.insert(KEY);
        });
        store = await tested.reopen();
        await run(async (tx) => {
          expect(await tx.federations.list()).toEqual([federationRecord("digits")]);
          expect(await tx.rounds.get("digits", 1)).toEqual(roundRecord("digits", 1));
          expect(await tx.parties.list("digits")).toEqual([partyRecord("digits", "a", { labels: [1, 2] })]);
          expect(await tx.leases.get("l1")).toEqual(leaseRecord("l1", "a"));
          expect(await tx.traffic.list("digits")).toEqual([trafficRecord("a", 1, { wireUp: 12 })]);
          expect(await tx.keys.get(KEY.hash)).toEqual(KEY);
          expect((await tx.events.append({ type: "federation.started", federation: "digits" }, 6)).seq).toBe(2);
        });
      });
    });

    describe("records", () => {
      it("are refused with the name of the field if they are wrong", async () => {
        await begin();
        const wrong: [Promise<unknown>, string][] = [
          [run((tx) => tx.federations.insert(federationRecord("x", { state: "no hash" }))), "state"],
          [run((tx) => tx.federations.update("digits", { round: -1 })), "round"],
          [run((tx) => tx.parties.insert(partyRecord("digits", "a", { examples: 1.5 }))), "examples"],
          [run((tx) => tx.rounds.insert(roundRecord("digits", 0))), "round"],
          [run((tx) => tx.segments.insert(segmentRecord(SEGMENT, { loss: Number.NaN }))), "loss"],
          [run((tx) => tx.traffic.add(trafficRecord("a", 1, { wireUp: -1 }))), "traffic.wireUp"],
          [
            run((tx) => tx.events.append({ type: "round.void", federation: "digits", round: 0, reason: "" }, 0)),
            "round",
          ],
        ];
        for (const [attempt, param] of wrong) {
          await expect(attempt).rejects.toMatchObject({ name: "ConcordError", code: "invalid_argument", param });
        }
      });

      it("cannot be changed through what was given or got", async () => {
        const mine = { ...partyRecord("digits", "a"), labels: [1, 2, 3] };
        await begin();
        await run((tx) => tx.parties.insert(mine));
        mine.labels[0] = 99;
        await run(async (tx) => {
          const got = await tx.parties.get("digits", "a");
          Object.assign(got ?? {}, { name: "changed" });
        });
        expect(await run((tx) => tx.parties.get("digits", "a"))).toEqual({ ...mine, labels: [1, 2, 3] });
      });
    });

    describe("federations", () => {
      it("come back as they were given", async () => {
        const record = federationRecord("digits", { status: "running", createdAt: 12.5, round: 3, state: blob(0xabc) });
        await run((tx) => tx.federations.insert(record));
        expect(await run((tx) => tx.federations.get("digits"))).toEqual(record);
        expect(await run((tx) => tx.federations.get("other"))).toBeUndefined();
      });

      it("have ids of their own", async () => {
        await run((tx) => tx.federations.insert(federationRecord("digits")));
        const again = run((tx) => tx.federations.insert(federationRecord("digits", { round: 4 })));
        await expect(again).rejects.toMatchObject({ name: "ConcordError", code: "failed_precondition" });
        expect(await run((tx) => tx.federations.list())).toEqual([federationRecord("digits")]);
      });

      it("are listed oldest first", async () => {
        await run(async (tx) => {
          await tx.federations.insert(federationRecord("young", { createdAt: 300 }));
          await tx.federations.insert(federationRecord("old", { createdAt: 100 }));
          await tx.federations.insert(federationRecord("middle", { createdAt: 200 }));
        });
        expect((await run((tx) => tx.federations.list())).map((f) => f.id)).toEqual(["old", "middle", "young"]);
      });

      it("change in what the change names, and in nothing else", async () => {
        await run(async (tx) => {
          await tx.federations.insert(federationRecord("digits"));
          await tx.federations.insert(federationRecord("other"));
          await tx.federations.update("digits", { status: "running" });
          await tx.federations.update("digits", { round: 2, state: blob(7) });
          await tx.federations.update("digits", {});
        });
        await run(async (tx) => {
          const expected = federationRecord("digits", { status: "running", round: 2, state: blob(7) });
          expect(await tx.federations.get("digits")).toEqual(expected);
          expect(await tx.federations.get("other")).toEqual(federationRecord("other"));
          await expect(tx.federations.update("unknown", { round: 1 })).rejects.toMatchObject({ code: "not_found" });
        });
      });
    });

    describe("keys", () => {
      it("come back until they are deleted", async () => {
        const party: KeyRecord = {
          ...KEY,
          hash: blob(2),
          role: "party",
          federation: "digits",
          party: "a",
          once: false,
        };
        await begin();
        await run(async (tx) => {
          await tx.keys.insert(KEY);
          await tx.keys.insert(party);
          await refused(tx.keys.insert({ ...KEY, role: "viewer" }));
        });
        await run(async (tx) => {
          expect(await tx.keys.get(KEY.hash)).toEqual(KEY);
          expect(await tx.keys.get(party.hash)).toEqual(party);
          await tx.keys.delete(KEY.hash);
          await tx.keys.delete(blob(99));
          expect(await tx.keys.get(KEY.hash)).toBeUndefined();
          expect(await tx.keys.get(party.hash)).toEqual(party);
        });
      });
    });

    describe("invites", () => {
      it("come back with the uses that are left", async () => {
        await begin();
        await run(async (tx) => {
          await tx.invites.insert(INVITE);
          await refused(tx.invites.insert(INVITE));
          await refused(tx.invites.insert({ ...INVITE, hash: blob(12), federation: "nowhere" }));
          expect(await tx.invites.use(INVITE.hash)).toBe(true);
          expect(await tx.invites.get(INVITE.hash)).toEqual({ ...INVITE, usesLeft: 2 });
          expect(await tx.invites.get(blob(99))).toBeUndefined();
          expect(await tx.invites.use(blob(99))).toBe(false);
        });
      });

      it("serve as often as they say, however many come at once", async () => {
        await begin();
        await run((tx) => tx.invites.insert(INVITE));
        const served = await Promise.all(Array.from({ length: 10 }, () => run((tx) => tx.invites.use(INVITE.hash))));
        expect(served).toEqual([true, true, true, ...Array(7).fill(false)]);
        expect(await run((tx) => tx.invites.get(INVITE.hash))).toEqual({ ...INVITE, usesLeft: 0 });
      });

      it("get a use back when the joining fails", async () => {
        await begin();
        await run((tx) => tx.invites.insert(INVITE));
        const failing = run(async (tx) => {
          await tx.invites.use(INVITE.hash);
          throw new Error("the name is taken");
        });
        await expect(failing).rejects.toThrow("the name is taken");
        expect(await run((tx) => tx.invites.get(INVITE.hash))).toEqual(INVITE);
      });
    });

    describe("parties", () => {
      it("come back as they were given", async () => {
        await begin();
        const record = partyRecord("digits", "a", { name: "St. Marien – 東京 🏥", heldOut: 3, labels: [0, 5, 1e12] });
        await run((tx) => tx.parties.insert(record));
        await run(async (tx) => {
          expect(await tx.parties.get("digits", "a")).toEqual(record);
          expect(await tx.parties.get("digits", "b")).toBeUndefined();
          expect(await tx.parties.get("other", "a")).toBeUndefined();
        });
      });

      it("have ids of their own in each federation", async () => {
        await begin();
        await run(async (tx) => {
          await tx.federations.insert(federationRecord("other"));
          await tx.parties.insert(partyRecord("digits", "a"));
          await tx.parties.insert(partyRecord("other", "a"));
          await refused(tx.parties.insert(partyRecord("digits", "a", { name: "twice" })));
          await refused(tx.parties.insert(partyRecord("nowhere", "a")));
          expect(await tx.parties.list("other")).toEqual([partyRecord("other", "a")]);
        });
      });

      it("are listed code unit by code unit", async () => {
        // A locale would put "B" after "a".
        const ids = ["", "10", "2", "B", "a", "a-b", "aa", "b", "ä", ...PARTIES_BY_CODE_UNITS];
        await begin();
        await run(async (tx) => {
          for (const id of ids.toReversed()) await tx.parties.insert(partyRecord("digits", id));
        });
        expect((await run((tx) => tx.parties.list("digits"))).map((party) => party.id)).toEqual(ids);
      });

      it("change their status alone", async () => {
        await begin();
        await run(async (tx) => {
          await tx.parties.insert(partyRecord("digits", "a"));
          await tx.parties.insert(partyRecord("digits", "b"));
          await tx.parties.setStatus("digits", "a", "left");
          const expected = [partyRecord("digits", "a", { status: "left" }), partyRecord("digits", "b")];
          expect(await tx.parties.list("digits")).toEqual(expected);
          await expect(tx.parties.setStatus("digits", "c", "left")).rejects.toMatchObject({ code: "not_found" });
        });
      });
    });

    describe("rounds", () => {
      const result = {
        trainLoss: 0.25,
        accuracy: null,
        loss: 1 / 3,
        evaluatedParties: 2,
        evaluatedExamples: 30,
        completed: ["a"],
        wireUp: 2 ** 40,
        wireDown: 0,
      };

      it("come back as they were given", async () => {
        await begin();
        const record = roundRecord("digits", 2, { status: "finished", endedAt: 7, evaluators: ["a"], result });
        await run(async (tx) => {
          await tx.rounds.insert(record);
          await refused(tx.rounds.insert(record));
          await refused(tx.rounds.insert(roundRecord("nowhere", 1)));
          expect(await tx.rounds.get("digits", 2)).toEqual(record);
          expect(await tx.rounds.get("digits", 3)).toBeUndefined();
        });
      });

      it("are listed in order, page by page", async () => {
        await run(async (tx) => {
          await tx.federations.insert(federationRecord("digits"));
          await tx.federations.insert(federationRecord("other"));
          for (const round of [10, 2, 1, 3]) await tx.rounds.insert(roundRecord("digits", round));
          await tx.rounds.insert(roundRecord("other", 4));
          const numbers = async (page?: { after?: number; limit?: number }) =>
            (await tx.rounds.list("digits", page)).map((record) => record.round);
          expect(await numbers()).toEqual([1, 2, 3, 10]);
          expect(await numbers({ limit: 2 })).toEqual([1, 2]);
          expect(await numbers({ after: 2 })).toEqual([3, 10]);
          expect(await numbers({ after: 2, limit: 1 })).toEqual([3]);
          expect(await numbers({ after: 10 })).toEqual([]);
          expect(await numbers({ limit: 0 })).toEqual([]);
        });
      });

      it("change in what the change names, and in nothing else", async () => {
        await begin();
        await run(async (tx) => {
          await tx.rounds.update("digits", 1, { status: "evaluating", evaluators: ["b", "a"] });
          expect(await tx.rounds.get("digits", 1)).toEqual(
            roundRecord("digits", 1, { status: "evaluating", evaluators: ["b", "a"] }),
          );
          await tx.rounds.update("digits", 1, { status: "finished", endedAt: 9, evaluators: null, result });
          expect(await tx.rounds.get("digits", 1)).toEqual(
            roundRecord("digits", 1, { status: "finished", endedAt: 9, result }),
          );
          await expect(tx.rounds.update("digits", 2, { endedAt: 1 })).rejects.toMatchObject({ code: "not_found" });
        });
      });
    });

    describe("segments", () => {
      it("are noted once: what comes later changes nothing", async () => {
        await begin();
        const first = segmentRecord(SEGMENT);
        await run(async (tx) => {
          expect(await tx.segments.insert(first)).toBe(true);
          expect(await tx.segments.insert(first)).toBe(false);
          expect(await tx.segments.insert({ ...first, outcome: "dropped", update: null })).toBe(false);
          expect(await tx.segments.get("digits", 1, "a", 0)).toEqual(first);
          expect(await tx.segments.get("digits", 1, "a", 1)).toBeUndefined();
          await refused(tx.segments.insert(segmentRecord({ ...SEGMENT, round: 2 })));
        });
      });

      it("are noted once, however many come at once", async () => {
        await begin();
        const noted = await Promise.all(
          Array.from({ length: 8 }, (_, i) => run((tx) => tx.segments.insert(segmentRecord(SEGMENT, { at: i })))),
        );
        expect(noted.filter(Boolean)).toHaveLength(1);
        expect(await run((tx) => tx.segments.list("digits", 1))).toEqual([segmentRecord(SEGMENT, { at: 0 })]);
      });

      it("are listed by party, then by number", async () => {
        await begin();
        const dropped = { outcome: "dropped", update: null, loss: null } as const;
        const records = [
          segmentRecord(SEGMENT),
          segmentRecord({ ...SEGMENT, segment: 2 }, dropped),
          segmentRecord({ ...SEGMENT, segment: 10 }),
          segmentRecord({ ...SEGMENT, party: "b" }),
          ...PARTIES_BY_CODE_UNITS.map((party) => segmentRecord({ ...SEGMENT, party })),
        ];
        await run(async (tx) => {
          await tx.rounds.insert(roundRecord("digits", 2));
          await tx.segments.insert(segmentRecord({ ...SEGMENT, round: 2 }));
          for (const record of records.toReversed()) await tx.segments.insert(record);
          expect(await tx.segments.list("digits", 1)).toEqual(records);
        });
      });
    });

    describe("merges", () => {
      it("are listed by step", async () => {
        await begin();
        const at = { federation: "digits", round: 1 };
        const records = [5, 10, 20].map((step) => mergeRecord({ ...at, step }, { parties: step === 5 ? ["a"] : [] }));
        await run(async (tx) => {
          await tx.rounds.insert(roundRecord("digits", 2));
          await tx.merges.insert(mergeRecord({ ...at, round: 2, step: 1 }));
          for (const record of records.toReversed()) await tx.merges.insert(record);
          await refused(tx.merges.insert(mergeRecord({ ...at, step: 5 }, { state: blob(50) })));
          await refused(tx.merges.insert(mergeRecord({ ...at, round: 3, step: 5 })));
          expect(await tx.merges.list("digits", 1)).toEqual(records);
        });
      });
    });

    describe("evaluations", () => {
      it("are noted once, and listed by party", async () => {
        await begin();
        const at = { federation: "digits", round: 1 };
        const a = { ...at, party: "a", evaluation: { loss: { sum: 0.1, count: 3 }, accuracy: { sum: 2, count: 3 } } };
        const b = { ...at, party: "b", evaluation: null };
        const [c, d] = PARTIES_BY_CODE_UNITS.map((party) => ({ ...b, party }));
        await run(async (tx) => {
          expect(await tx.evaluations.insert(b)).toBe(true);
          expect(await tx.evaluations.insert(a)).toBe(true);
          expect(await tx.evaluations.insert({ ...b, evaluation: a.evaluation })).toBe(false);
          expect(await tx.evaluations.insert({ ...a, evaluation: {} })).toBe(false);
          await refused(tx.evaluations.insert({ ...a, round: 2 }));
          for (const record of [d, c]) if (record !== undefined) await tx.evaluations.insert(record);
          expect(await tx.evaluations.list("digits", 1)).toEqual([a, b, c, d]);
          expect(await tx.evaluations.list("digits", 2)).toEqual([]);
        });
      });
    });

    describe("leases", () => {
      beforeEach(begin);

      it("are one for each party: a new one takes the place of the old", async () => {
        const evaluate = leaseRecord("l2", "a", { kind: "evaluate", segment: null });
        await run(async (tx) => {
          await tx.leases.put(leaseRecord("l1", "a"));
          await tx.leases.put(leaseRecord("l9", "b"));
          await tx.leases.put(evaluate);
          expect(await tx.leases.get("l1")).toBeUndefined();
          expect(await tx.leases.get("l2")).toEqual(evaluate);
          expect(await tx.leases.ofParty("digits", "a")).toEqual(evaluate);
          expect(await tx.leases.ofParty("digits", "c")).toBeUndefined();
          expect(await tx.leases.list("digits")).toEqual([evaluate, leaseRecord("l9", "b")]);
        });
      });

      it("may be put again under the same id by the party that holds them, and by no other", async () => {
        await run(async (tx) => {
          await tx.leases.put(leaseRecord("l1", "a"));
          await tx.leases.put(leaseRecord("l1", "a", { segment: 1 }));
          await refused(tx.leases.put(leaseRecord("l1", "b")));
          expect(await tx.leases.list("digits")).toEqual([leaseRecord("l1", "a", { segment: 1 })]);
        });
      });

      it("are one for each party of each federation", async () => {
        const other = leaseRecord("l2", "a", { federation: "other" });
        await run(async (tx) => {
          await tx.federations.insert(federationRecord("other"));
          await tx.rounds.insert(roundRecord("other", 1));
          await tx.leases.put(leaseRecord("l1", "a"));
          await tx.leases.put(other);
          expect(await tx.leases.list("digits")).toEqual([leaseRecord("l1", "a")]);
          expect(await tx.leases.list("other")).toEqual([other]);
        });
      });

      it("are listed by party", async () => {
        const records = ["B", "a", ...PARTIES_BY_CODE_UNITS].map((party, i) => leaseRecord(`l${9 - i}`, party));
        await run(async (tx) => {
          for (const record of records.toReversed()) await tx.leases.put(record);
          expect(await tx.leases.list("digits")).toEqual(records);
        });
      });

      it("are renewed and deleted by id", async () => {
        await run(async (tx) => {
          await tx.leases.put(leaseRecord("l1", "a"));
          await tx.leases.put(leaseRecord("l2", "b"));
          await tx.leases.renew("l1", 1234.5);
          expect(await tx.leases.get("l1")).toEqual(leaseRecord("l1", "a", { expiresAt: 1234.5 }));
          await tx.leases.delete("l1");
          await tx.leases.delete("l1");
          expect(await tx.leases.list("digits")).toEqual([leaseRecord("l2", "b")]);
          await expect(tx.leases.renew("l1", 1)).rejects.toMatchObject({ code: "not_found" });
        });
      });
    });

    describe("traffic", () => {
      beforeEach(begin);

      it("adds up for each party, round and purpose", async () => {
        await run(async (tx) => {
          await tx.traffic.add(
            trafficRecord("a", 1, { payloadUp: 1, payloadDown: 2, indexUp: 3, indexDown: 4, wireUp: 5, wireDown: 6 }),
          );
          await tx.traffic.add(
            trafficRecord("a", 1, {
              payloadUp: 10,
              payloadDown: 20,
              indexUp: 30,
              indexDown: 40,
              wireUp: 50,
              wireDown: 60,
            }),
          );
          await tx.traffic.add(trafficRecord("a", 1, { wireDown: 2 ** 45 }, { purpose: "evaluate" }));
          expect(await tx.traffic.list("digits")).toEqual([
            trafficRecord("a", 1, { wireDown: 2 ** 45 }, { purpose: "evaluate" }),
            trafficRecord("a", 1, {
              payloadUp: 11,
              payloadDown: 22,
              indexUp: 33,
              indexDown: 44,
              wireUp: 55,
              wireDown: 66,
            }),
          ]);
        });
      });

      it("adds up under concurrency", async () => {
        await Promise.all(
          Array.from({ length: 25 }, (_, i) => run((tx) => tx.traffic.add(trafficRecord("a", 1, { wireUp: i + 1 })))),
        );
        expect(await run((tx) => tx.traffic.list("digits"))).toEqual([trafficRecord("a", 1, { wireUp: 325 })]);
      });

      it("is listed by party, round and purpose, all of it or by filter", async () => {
        const records = [
          trafficRecord("a", 0, { wireUp: 1 }),
          trafficRecord("a", 2, { wireUp: 2 }, { purpose: "evaluate" }),
          trafficRecord("a", 2, { wireUp: 3 }),
          trafficRecord("a", 10, { wireUp: 4 }),
          trafficRecord("b", 2, { wireUp: 5 }),
          ...PARTIES_BY_CODE_UNITS.map((party) => trafficRecord(party, 0, { wireUp: 6 })),
        ];
        await run(async (tx) => {
          await tx.federations.insert(federationRecord("other"));
          await tx.traffic.add(trafficRecord("a", 2, { wireUp: 9 }, { federation: "other" }));
          for (const record of records.toReversed()) await tx.traffic.add(record);
          expect(await tx.traffic.list("digits")).toEqual(records);
          expect(await tx.traffic.list("digits", { round: 2 })).toEqual([records[1], records[2], records[4]]);
          expect(await tx.traffic.list("digits", { round: 0 })).toEqual([records[0], ...records.slice(5)]);
          expect(await tx.traffic.list("digits", { party: "b" })).toEqual([records[4]]);
          expect(await tx.traffic.list("digits", { party: "a", round: 10 })).toEqual([records[3]]);
          expect(await tx.traffic.list("digits", { party: "b", round: 10 })).toEqual([]);
          await refused(tx.traffic.add(trafficRecord("a", 1, {}, { federation: "nowhere" })));
        });
      });

      it("is summed over rounds by party and purpose", async () => {
        await run(async (tx) => {
          await tx.federations.insert(federationRecord("other"));
          await tx.traffic.add(trafficRecord("a", 2, { wireUp: 9 }, { federation: "other" }));
          for (const party of PARTIES_BY_CODE_UNITS.toReversed()) {
            await tx.traffic.add(trafficRecord(party, 1, { wireUp: 1 }));
          }
          await tx.traffic.add(trafficRecord("b", 1, { payloadDown: 5, indexDown: 1 }));
          for (const round of [1, 2, 3])
            await tx.traffic.add(trafficRecord("a", round, { wireUp: 10 ** round, indexUp: 1 }));
          await tx.traffic.add(trafficRecord("a", 3, { wireUp: 7 }, { purpose: "evaluate" }));
          const sum = (...record: Parameters<typeof trafficRecord>) => {
            const { round: _, ...rest } = trafficRecord(...record);
            return rest;
          };
          expect(await tx.traffic.byParty("digits")).toEqual([
            sum("a", 0, { wireUp: 7 }, { purpose: "evaluate" }),
            sum("a", 0, { wireUp: 1_110, indexUp: 3 }),
            sum("b", 0, { payloadDown: 5, indexDown: 1 }),
            ...PARTIES_BY_CODE_UNITS.map((party) => sum(party, 0, { wireUp: 1 })),
          ]);
          expect(await tx.traffic.byParty("nowhere")).toEqual([]);
        });
      });
    });

    describe("events", () => {
      const joined = (federation: string, party: string): NewEvent => ({
        type: "party.joined",
        federation,
        party,
        name: "Ä",
        examples: 3,
        client: "browser",
      });

      beforeEach(async () => {
        await begin();
        await run((tx) => tx.federations.insert(federationRecord("other")));
      });

      it("are numbered 1, 2, 3 … over all federations and dated", async () => {
        await run(async (tx) => {
          expect(await tx.events.last()).toBe(0);
          const first = await tx.events.append(joined("digits", "a"), Date.UTC(2026, 10, 22, 12, 0, 0, 7));
          expect(first).toEqual({ ...joined("digits", "a"), seq: 1, time: "2026-11-22T12:00:00.007Z" });
          expect((await tx.events.append(joined("other", "a"), 0)).seq).toBe(2);
          const third = await tx.events.append(
            { type: "round.void", federation: "digits", round: 1, reason: "few" },
            0,
          );
          expect(third.seq).toBe(3);
          expect(await tx.events.last()).toBe(3);
          expect(await tx.events.list("digits", { after: 0 })).toEqual([first, third]);
          await refused(tx.events.append(joined("nowhere", "a"), 0));
        });
      });

      it("have no gap where a transaction failed", async () => {
        await run((tx) => tx.events.append(joined("digits", "a"), 0));
        await refused(
          run(async (tx) => {
            await tx.events.append(joined("digits", "b"), 0);
            await tx.federations.insert(federationRecord("digits"));
          }),
        );
        await Promise.all(Array.from({ length: 5 }, () => run((tx) => tx.events.append(joined("digits", "c"), 0))));
        const listed = await run((tx) => tx.events.list("digits", { after: 0 }));
        expect(listed.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6]);
      });

      it("are listed page by page, a thousand where nothing is said", async () => {
        await run(async (tx) => {
          for (let i = 1; i <= 1_002; i++) await tx.events.append(joined(i % 500 === 0 ? "other" : "digits", "a"), i);
          const seqs = async (federation: string, page: { after: number; limit?: number }) =>
            (await tx.events.list(federation, page)).map((event) => event.seq);
          expect(await seqs("other", { after: 0 })).toEqual([500, 1_000]);
          expect(await seqs("digits", { after: 498, limit: 3 })).toEqual([499, 501, 502]);
          expect(await seqs("digits", { after: 1_002 })).toEqual([]);
          expect(await seqs("digits", { after: 0 })).toHaveLength(1_000);
          expect(await tx.events.last()).toBe(1_002);
        });
      });
    });

    describe("blobs", () => {
      beforeEach(() =>
        run(async (tx) => {
          await tx.federations.insert(federationRecord("digits", { state: blob(10) }));
          await tx.rounds.insert(roundRecord("digits", 1, { status: "finished", stateBefore: blob(11) }));
          await tx.segments.insert(segmentRecord(SEGMENT, { update: blob(12) }));
          await tx.merges.insert(mergeRecord({ federation: "digits", round: 1, step: 20 }, { state: blob(13) }));
          await tx.rounds.insert(roundRecord("digits", 2, { stateBefore: blob(21) }));
          await tx.segments.insert(segmentRecord({ ...SEGMENT, round: 2 }, { update: blob(22) }));
          await tx.segments.insert(segmentRecord({ ...SEGMENT, round: 2, party: "b" }, { update: null }));
          await tx.merges.insert(mergeRecord({ federation: "digits", round: 2, step: 20 }, { state: blob(23) }));
          await tx.leases.put(leaseRecord("l1", "a", { model: blob(30) }));
        }),
      );

      const names = (set: ReadonlySet<string>) => [...set].sort();

      it("are referenced by states, rounds, updates, merges and leases", async () => {
        const expected = [10, 11, 12, 13, 21, 22, 23, 30].map(blob);
        expect(names(await run((tx) => tx.blobs.referenced()))).toEqual(expected);
      });

      it("are needed by what has not ended", async () => {
        const needed = () => run(async (tx) => names(await tx.blobs.needed()));
        expect(await needed()).toEqual([10, 21, 22, 23, 30].map(blob));
        await run((tx) => tx.rounds.update("digits", 2, { status: "evaluating" }));
        expect(await needed()).toEqual([10, 21, 22, 23, 30].map(blob));
        await run((tx) => tx.rounds.update("digits", 2, { status: "void" }));
        expect(await needed()).toEqual([10, 30].map(blob));
      });

      it("are let go with the record that named them", async () => {
        await run(async (tx) => {
          await tx.leases.delete("l1");
          await tx.federations.update("digits", { state: blob(23) });
        });
        const expected = [11, 12, 13, 21, 22, 23].map(blob);
        expect(names(await run((tx) => tx.blobs.referenced()))).toEqual(expected);
      });
    });
  });
}

/** In the order of their code units; by code points, as databases compare, it is the other way round. */
const PARTIES_BY_CODE_UNITS = ["\u{1F600}", "\uFB01"];

const KEY: KeyRecord = { hash: blob(1), role: "operator", federation: null, party: null, once: true, expiresAt: 99.5 };

const INVITE: InviteRecord = { hash: blob(11), federation: "digits", party: null, usesLeft: 3, expiresAt: 1e12 };

const SEGMENT = { federation: "digits", round: 1, party: "a", segment: 0 };

async function refused(attempt: Promise<unknown>): Promise<void> {
  await expect(attempt).rejects.toMatchObject({ name: "ConcordError", code: "failed_precondition" });
}
