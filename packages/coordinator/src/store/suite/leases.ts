import { beforeEach, describe, expect, it } from "vitest";
import { federationRecord, leaseRecord, PARTIES_BY_CODE_UNITS, roundRecord } from "./records.ts";
import type { Stage } from "./stage.ts";
import { refused } from "./stage.ts";

/** Leases. */
export function leasesContract({ begin, run }: Stage): void {
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
}
