import { beforeEach, describe, expect, it } from "vitest";
import { federationRecord, PARTIES_BY_CODE_UNITS, trafficRecord } from "./records.ts";
import type { Stage } from "./stage.ts";
import { refused } from "./stage.ts";

/** Bytes on the wire. */
export function trafficContract({ begin, run }: Stage): void {
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
}
