import { describe, expect, it } from "vitest";
import { federationRecord, PARTIES_BY_CODE_UNITS, partyRecord } from "./records.ts";
import type { Stage } from "./stage.ts";
import { refused } from "./stage.ts";

/** Parties. */
export function partiesContract({ begin, run }: Stage): void {
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
}
