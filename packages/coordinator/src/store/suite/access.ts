import { describe, expect, it } from "vitest";
import type { KeyRecord } from "../contract.ts";
import { blob, INVITE, KEY } from "./records.ts";
import type { Stage } from "./stage.ts";
import { refused } from "./stage.ts";

/** Keys and invites. */
export function accessContract({ begin, run }: Stage): void {
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
}
