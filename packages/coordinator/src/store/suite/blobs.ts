import { beforeEach, describe, expect, it } from "vitest";
import { blob, federationRecord, leaseRecord, mergeRecord, roundRecord, SEGMENT, segmentRecord } from "./records.ts";
import type { Stage } from "./stage.ts";

/** Which blobs the records name. */
export function blobsContract({ run }: Stage): void {
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
}
