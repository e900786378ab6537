import { setTimeout as sleep } from "node:timers/promises";
import type { Tensor, Tree } from "@concord/engine";
import { decodeSafetensors, encodeSafetensors, flatten, float32, unflatten } from "@concord/engine";
import { ConcordError, type RoundView } from "@concord/protocol";
import { describe, expect, it } from "vitest";
import type { Coordinator } from "../src/index.ts";
import { memoryBlobs, memoryStore } from "../src/index.ts";
import type { FakeParty } from "./fake-party.ts";
import { fakeParty, joinAs } from "./fake-party.ts";
import { eventsOf, startInMemory, tinySpec } from "./federation.ts";
import { type Death, mortal } from "./mortal-store.ts";

const SPEC = tinySpec({
  rounds: 2,
  minimumParties: 2,
  algorithm: { kind: "fedsgd", localSteps: 2 },
  quorum: "all",
  exchangeDeadline: 600,
  roundDeadline: 3_600,
});

interface Outcome {
  readonly model: Uint8Array;
  readonly rounds: readonly Omit<RoundView, "startedAt" | "endedAt" | "wireUp" | "wireDown">[];
  readonly payloads: readonly (readonly number[])[];
  readonly events: Readonly<Record<string, number>>;
}

describe("a coordinator that is killed", () => {
  it("at any write comes back to the same bits, and counts nothing twice", async () => {
    const { outcome: undisturbed, writes } = await run();
    expect(writes).toBeGreaterThan(40);
    expect(undisturbed.events).toMatchObject({ "update.accepted": 8, "exchange.merged": 4, "round.finished": 2 });
    for (let write = 1; write <= writes; write++) {
      // Before a write is hardly another moment than after the one that precedes it, so it is tried less often.
      for (const when of write % 4 === 0 ? (["before", "after"] as const) : (["after"] as const)) {
        const { outcome } = await run({ write, when });
        expect({ write, when, ...outcome }).toEqual({ write, when, ...undisturbed });
      }
    }
  });
});

/** A whole federation with two parties; where a death is given, the coordinator dies then, and another takes its place. */
async function run(death?: Death): Promise<{ outcome: Outcome; writes: number }> {
  const store = memoryStore();
  const blobs = memoryBlobs();
  const setup = await startInMemory({ ...mortal(store, blobs) });
  await setup.createFederation("tiny", SPEC);
  const joined = [await joinAs(setup, "tiny", "a", { examples: 1 }), await joinAs(setup, "tiny", "b", { examples: 3 })];
  await setup.close();

  const life = mortal(store, blobs, death);
  let current: Coordinator | undefined;
  const parties = joined.map(({ id, key }) => fakeParty(() => current?.url ?? "http://127.0.0.1:1", id, key));
  const done = Promise.all(parties.map((party, i) => takePart(party, i + 1)));
  const reborn = life.dead.then(async () => {
    const old = current;
    current = undefined;
    await old?.close();
    current = await startInMemory({ store, blobs });
  });
  try {
    // The death may come while it starts.
    const started = await startInMemory(life).catch((error: unknown) => {
      if (death === undefined) throw error;
    });
    if (started !== undefined && current === undefined) current = started;
    await done;
    const writes = life.writes();
    // How many writes there are depends a little on who asks when: the last moments may not come at all.
    if (life.isDead()) await reborn;
    return { outcome: await outcomeOf(current as Coordinator), writes };
  } finally {
    await current?.close();
  }
}

/** Does what it is told until the federation has ended, and asks again whenever it got no answer. */
async function takePart(party: FakeParty, summand: number): Promise<void> {
  for (;;) {
    try {
      const work = await party.work(5);
      if (work.kind === "finished") return;
      if (work.kind === "evaluate") {
        const model = decodeSafetensors(await party.download(work.lease.model)).tensors;
        const correct = Math.abs(Math.trunc(flatten(model)[0]?.[1].data[0] ?? 0)) % 10;
        const evaluation = { accuracy: { sum: correct, count: 10 } };
        await insist(() => party.reply(work.lease.id, { kind: "evaluate", evaluation }));
      } else if (work.kind === "train") {
        const model = decodeSafetensors(await party.download(work.lease.model)).tensors;
        const update = encodeSafetensors(step(model, summand));
        const ref = await insist(() => party.upload(update));
        await insist(() => party.reply(work.lease.id, { kind: "train", update: ref, loss: 0.5 }));
      }
    } catch {
      await sleep(5);
    }
  }
}

/** Repeats a request that got no answer, or one that says that something went wrong inside. */
async function insist<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (error instanceof ConcordError && error.code !== "internal" && error.code !== "unavailable") throw error;
      await sleep(5);
    }
  }
}

/** A local step that depends on every bit of the model. */
function step(model: Tree<Tensor>, summand: number): Tree<Tensor> {
  return unflatten(
    flatten(model).map(([path, { shape, data }]) => [
      path,
      float32(
        shape,
        [...data].map((x) => 0.7 * x + summand),
      ),
    ]),
  );
}

async function outcomeOf(coordinator: Coordinator): Promise<Outcome> {
  const events: Record<string, number> = {};
  for (const { type } of await eventsOf(coordinator, "tiny")) {
    if (type !== "federation.resumed" && type !== "update.refused") events[type] = (events[type] ?? 0) + 1;
  }
  const parties = await coordinator.parties("tiny");
  return {
    model: await coordinator.currentModel("tiny"),
    rounds: (await coordinator.rounds("tiny")).map(({ startedAt, endedAt, wireUp, wireDown, ...same }) => same),
    payloads: parties.map(({ updates, missed, train, evaluate }) => [
      updates,
      missed,
      train.payloadUp,
      train.payloadDown,
      evaluate.payloadDown,
    ]),
    events,
  };
}
