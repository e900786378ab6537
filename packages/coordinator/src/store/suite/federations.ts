import { describe, expect, it } from "vitest";
import { blob, federationRecord } from "./records.ts";
import type { Stage } from "./stage.ts";

/** Federations. */
export function federationsContract({ run }: Stage): void {
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
}
