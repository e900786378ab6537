import type { PaletteSolution } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AnswerRecord, PaletteRecord, Store, Transaction } from "../contract.ts";
import type { StoreUnderTest } from "./store-contract.ts";

const SOLUTION: PaletteSolution = {
  feasible: false,
  verdict: "not reachable – ≥ 2",
  slack: -0.1,
  samples: 6,
  prompts: 3,
  goals: [{ label: "humor", value: "humor", target: "q70", level: 2, base: 0.1, sd: 1e-9 }],
  warnings: [],
  conflict: ["humor"],
  nearest: { humor: 1 / 3 },
};

/** A version of a palette, whole and valid. */
const palette = (name: string, version: number, more: Partial<PaletteRecord> = {}): PaletteRecord => ({
  name,
  version,
  createdAt: 1_700_000_000_000.5,
  base: "stories",
  targets: "humor=q70",
  k: 8,
  sampling: { temperature: 0.7, topP: 0.95, maxTokens: 50 },
  status: "piloting",
  problem: null,
  solution: null,
  live: null,
  ...more,
});

const answer = (version: number, prompt: string): Omit<AnswerRecord, "seq"> => ({
  palette: "warm",
  version,
  at: 5,
  prompt,
  picked: 1,
  candidates: [
    { text: "no", rewards: { humor: -1 }, weight: 0.25 },
    { text: "„yes“\n", rewards: { humor: 2.5 }, weight: 0.75 },
  ],
});

/** What every implementation of `Store` must do with what the gateway keeps. */
export function paletteContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps what the gateway gives it`, () => {
    let tested: StoreUnderTest;
    let store: Store;
    const run = <T>(work: (tx: Transaction) => Promise<T>) => store.transaction(work);
    const refused = (work: Promise<unknown>, code = "failed_precondition") =>
      expect(work).rejects.toMatchObject({ name: "ConcordError", code });

    beforeEach(async () => {
      tested = await make();
      store = tested.store;
    });
    afterEach(() => tested.dispose());

    it("palettes come back as they were, after a restart too, by name and version", async () => {
      const live = { requests: 2, candidates: 15, failed: 1, levels: { humor: { mean: 0.1, squares: 0.2 } } };
      const all = [
        palette("cold", 1),
        palette("warm", 1, { status: "unreachable", solution: SOLUTION, live }),
        palette("warm", 2, { status: "failed", problem: "the base is away" }),
      ];
      await run(async (tx) => {
        for (const record of [...all].reverse()) await tx.palettes.insert(record);
      });
      store = await tested.reopen();
      await run(async (tx) => {
        expect(await tx.palettes.list()).toEqual(all);
        expect(await tx.palettes.list({ name: "warm" })).toEqual(all.slice(1));
        expect(await tx.palettes.get("warm", 1)).toEqual(all[1]);
        expect(await tx.palettes.get("warm", 3)).toBeUndefined();
      });
    });

    it("palettes change in the fields that change, and a version is there once", async () => {
      await run(async (tx) => {
        await tx.palettes.insert(palette("warm", 1));
        await refused(tx.palettes.insert(palette("warm", 1)));
        await refused(tx.palettes.insert({ ...palette("warm", 2), k: 1 }), "invalid_argument");
        await tx.palettes.update("warm", 1, { status: "unreachable", solution: SOLUTION });
        await refused(tx.palettes.update("warm", 2, { status: "ready" }), "not_found");
      });
      await run(async (tx) => {
        expect(await tx.palettes.list()).toEqual([palette("warm", 1, { status: "unreachable", solution: SOLUTION })]);
      });
    });

    it("the rewards of a pilot belong to a version and are written once", async () => {
      await run(async (tx) => {
        await refused(tx.palettes.insertPilot("warm", 1, "prompt_id,humor\n0,1\n"), "not_found");
        await tx.palettes.insert(palette("warm", 1));
        await tx.palettes.insertPilot("warm", 1, "prompt_id,humor\n0,1\n");
        await refused(tx.palettes.insertPilot("warm", 1, "other"));
      });
      await run(async (tx) => {
        expect(await tx.palettes.pilot("warm", 1)).toBe("prompt_id,humor\n0,1\n");
        expect(await tx.palettes.pilot("warm", 2)).toBeUndefined();
      });
    });

    it("tenants have one name and one key each, and go when they are deleted", async () => {
      const tenants = ["acme", "zoo"].map((tenant, i) => ({ name: tenant, hash: `hash-${i}`, createdAt: i }));
      await run(async (tx) => {
        for (const tenant of [...tenants].reverse()) await tx.tenants.insert(tenant);
        await refused(tx.tenants.insert({ name: "acme", hash: "another", createdAt: 0 }));
        await refused(tx.tenants.insert({ name: "another", hash: "hash-0", createdAt: 0 }));
      });
      await run(async (tx) => {
        expect(await tx.tenants.list()).toEqual(tenants);
        expect(await tx.tenants.get("zoo")).toEqual(tenants[1]);
        expect(await tx.tenants.ofKey("hash-0")).toEqual(tenants[0]);
        await tx.tenants.delete("acme");
        await tx.tenants.delete("nobody");
        expect(await tx.tenants.get("acme")).toBeUndefined();
        expect(await tx.tenants.ofKey("hash-0")).toBeUndefined();
      });
    });

    it("answers are numbered and come back by palette and version, page by page", async () => {
      await run(async (tx) => {
        await refused(tx.answers.append(answer(1, "a")), "not_found");
        await tx.palettes.insert(palette("warm", 1));
        await tx.palettes.insert(palette("warm", 2));
        for (const [version, prompt] of [
          [1, "a"],
          [2, "b"],
          [1, "c"],
          [1, "d"],
        ] as const) {
          await tx.answers.append(answer(version, prompt));
        }
      });
      await run(async (tx) => {
        expect(await tx.answers.list("warm", 2)).toEqual([{ ...answer(2, "b"), seq: 2 }]);
        expect((await tx.answers.list("warm", 1)).map(({ prompt }) => prompt)).toEqual(["a", "c", "d"]);
        expect(await tx.answers.list("warm", 1, { after: 1, limit: 1 })).toEqual([{ ...answer(1, "c"), seq: 3 }]);
      });
    });
  });
}
