import { describe, expect, it } from "vitest";
import {
  blob,
  federationRecord,
  mergeRecord,
  PARTIES_BY_CODE_UNITS,
  roundRecord,
  SEGMENT,
  segmentRecord,
} from "./records.ts";
import type { Stage } from "./stage.ts";
import { refused } from "./stage.ts";

/** Rounds, and what happens in them. */
export function roundsContract({ begin, run }: Stage): void {
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
}
