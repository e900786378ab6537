import { flatten } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import { buildTask, ratingsDataset, subset } from "@concord/learning";
import { describe, expect, it } from "vitest";
import { encodeCheckpoint } from "../src/checkpoint.ts";
import type { Executor } from "../src/executor.ts";
import { inlineExecutor } from "../src/executor.ts";
import { federationKeys } from "../src/keys.ts";
import { algorithmOf } from "../src/registry.ts";
import type { Checkpoint, SimulatedParty } from "../src/simulator.ts";
import { initialCheckpoint, simulate } from "../src/simulator.ts";
import { workerPool } from "../src/worker-pool.node.ts";
import { shuffled, TINY_MLP, tinyParties, tinySpec } from "./tiny-federation.ts";
import { tinyRecommender } from "./tiny-recommender.ts";

const spec = tinySpec({
  task: { ...TINY_MLP, optimizer: { kind: "sgd", momentum: 0.9 } },
  algorithm: { kind: "fedsgd", localSteps: 3, activeParties: 4 },
  rounds: 3,
});
const parties = tinyParties([12, 30, 7, 18, 25]);

async function result(executor: Executor, order: readonly SimulatedParty[]): Promise<Checkpoint> {
  let last = initialCheckpoint(spec);
  try {
    for await (const checkpoint of simulate({ spec, parties: order, executor })) last = checkpoint;
  } finally {
    await executor.close();
  }
  return last;
}

describe("a pool of workers", () => {
  it("gives the bits of this thread, whatever its size and the order of the parties", async () => {
    const inline = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), await engineFor());
    const expected = await result(inline, parties);
    for (const size of [1, 2, 3]) {
      const pool = await workerPool(spec, size);
      expect(pool.parallel).toBe(size);
      const found = await result(pool, shuffled(parties, size));
      expect(flatten(found.state)).toEqual(flatten(expected.state));
      expect(found.history).toEqual(expected.history);
      expect(encodeCheckpoint(found, spec)).toEqual(encodeCheckpoint(expected, spec));
    }
  });

  it("passes on what goes wrong in a worker, and goes on after it", async () => {
    const pool = await workerPool(spec, 1);
    try {
      const { state } = initialCheckpoint(spec);
      const [party] = parties;
      if (party === undefined) throw new Error("there is a party");
      const job = {
        plan: { round: 1, steps: 3 },
        segment: { party: "a", index: 0, from: 0, to: 1 },
        privateState: undefined,
        key: federationKeys(1).party("a"),
        secret: federationKeys(1).simulatedSecret("a"),
        data: party.train,
      };
      await expect(pool.train({ ...job, model: {} })).rejects.toThrow("is missing");
      expect(flatten((await pool.train({ ...job, model: state.model })).update)).toHaveLength(4);
    } finally {
      await pool.close();
    }
  });

  it("keeps the names of a catalogue once, and not once for each party", async () => {
    const items = 20_000;
    const names = Array.from({ length: items }, (_, i) => `a film with a title of its own, number ${i}`);
    const shape = { inputShape: [items], outputs: items };
    const catalogue = tinyRecommender(
      {},
      {},
      { model: { kind: "autoencoder", hidden: 2, code: 2 }, batchSize: 1, ...shape },
    );
    const users = Array.from({ length: 300 }, (_, user) => ({ user: String(user), item: "7", value: 3 }));
    const itemIds = Array.from({ length: items }, (_, i) => String(i));
    const all = ratingsDataset(users, { name: "films", scale: { min: 1, max: 5, step: 1 }, itemIds, itemNames: names });
    const { state } = initialCheckpoint(catalogue);
    const pool = await workerPool(catalogue, 1);
    try {
      const train = (user: number) =>
        pool.train({
          plan: { round: 1, steps: 1 },
          segment: { party: "a", index: 0, from: 0, to: 1 },
          privateState: undefined,
          key: federationKeys(1).party("a"),
          secret: federationKeys(1).simulatedSecret("a"),
          data: subset(all, [user]),
          model: state.model,
        });
      await train(0);
      const before = process.memoryUsage.rss();
      for (let user = 1; user < all.size; user++) await train(user);
      // 20,000 titles are more than a megabyte, so 299 times as many are more than 300.
      expect((process.memoryUsage.rss() - before) / 2 ** 20).toBeLessThan(150);
    } finally {
      await pool.close();
    }
  });

  it("does not start where it cannot work, and leaves no worker behind", async () => {
    for (const size of [0, -1, 1.5, Number.NaN]) {
      await expect(workerPool(spec, size)).rejects.toThrow(`a pool has at least one worker, not ${size}`);
    }
    const broken = { ...spec, task: { ...spec.task, model: { kind: "nothing" } } } as unknown as typeof spec;
    await expect(workerPool(broken, 2)).rejects.toThrow();
  });
});
