import { describe, expect, it } from "vitest";
import {
  federationRecord,
  KEY,
  leaseRecord,
  partyRecord,
  roundRecord,
  SEGMENT,
  segmentRecord,
  trafficRecord,
} from "./records.ts";
import type { Stage } from "./stage.ts";
import { refused } from "./stage.ts";

/** One transaction after the other, each whole or not at all, and records as they were given. */
export function transactionsContract({ begin, close, reopen, run }: Stage): void {
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
      const closing = close();
      const after = run((tx) => tx.federations.list());
      await expect(before).resolves.toBeUndefined();
      await closing;
      await expect(after).rejects.toMatchObject({ code: "unavailable" });
      await close();
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
      await reopen();
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
        [run((tx) => tx.events.append({ type: "round.void", federation: "digits", round: 0, reason: "" }, 0)), "round"],
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
}
