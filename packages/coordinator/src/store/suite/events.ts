import type { NewEvent } from "@concord/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { federationRecord } from "./records.ts";
import type { Stage } from "./stage.ts";
import { refused } from "./stage.ts";

/** The log of events. */
export function eventsContract({ begin, run }: Stage): void {
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
        const third = await tx.events.append({ type: "round.void", federation: "digits", round: 1, reason: "few" }, 0);
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
}
