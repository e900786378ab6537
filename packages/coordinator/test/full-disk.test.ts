import { decodeSafetensors, encodeSafetensors, flatten } from "@concord/engine";
import { afterEach, describe, expect, it } from "vitest";
import type { Coordinator } from "../src/index.ts";
import { memoryBlobs, memoryStore } from "../src/index.ts";
import { constantModel, joinAs, leaseOf } from "./fake-party.ts";
import { eventsOf, recordingLog, startInMemory, tinySpec, untilEvent } from "./federation.ts";
import { manualClock } from "./manual-clock.ts";

let coordinator: Coordinator;
afterEach(() => coordinator.close());

/** Stores on a disk that can be full. */
function disk() {
  const [store, blobs] = [memoryStore(), memoryBlobs()];
  let full = false;
  const write = <T>(run: () => Promise<T>): Promise<T> =>
    full ? Promise.reject(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" })) : run();
  return {
    store: {
      ...store,
      transaction: <T>(work: Parameters<typeof store.transaction<T>>[0]) => write(() => store.transaction(work)),
    },
    blobs: { ...blobs, put: (bytes: Uint8Array<ArrayBuffer>) => write(() => blobs.put(bytes)) },
    fill: (state: boolean) => {
      full = state;
    },
  };
}

describe("a full disk", () => {
  it("refuses what cannot be kept, keeps nothing by halves, and goes on when there is room again", async () => {
    const { store, blobs, fill } = disk();
    const { lines, log } = recordingLog();
    coordinator = await startInMemory({ store, blobs, log });
    await coordinator.createFederation("tiny", tinySpec({ minimumParties: 2 }));
    const a = await joinAs(coordinator, "tiny", "a", { heldOut: 0 });
    const b = await joinAs(coordinator, "tiny", "b", { heldOut: 0 });
    const [workA, workB] = [leaseOf(await a.work(), "train"), leaseOf(await b.work(), "train")];
    await a.train(workA, 1);

    fill(true);
    await expect(b.train(workB, 3)).rejects.toMatchObject({
      code: "internal",
      message: "something went wrong inside; the log has the details",
    });
    await expect(b.heartbeat(workB.lease.id)).resolves.toMatchObject({ expiresInSeconds: 30 });
    expect(JSON.stringify(lines.map(({ message }) => message))).toContain("something went wrong inside");
    fill(false);

    // The same party sends the same again; the failed attempt has left no trace.
    const update = await b.upload(encodeSafetensors(constantModel(3)));
    fill(true);
    await expect(b.reply(workB.lease.id, { kind: "train", update, loss: 1 })).rejects.toMatchObject({
      code: "internal",
    });
    fill(false);
    expect(await b.reply(workB.lease.id, { kind: "train", update, loss: 1 })).toEqual({ status: "accepted" });
    await untilEvent(coordinator, "tiny", "federation.finished");
    const accepted = (await eventsOf(coordinator, "tiny")).filter(({ type }) => type === "update.accepted");
    expect(accepted).toHaveLength(2);
    const { tensors } = decodeSafetensors(await coordinator.currentModel("tiny"));
    expect(flatten(tensors)[0]?.[1].data[0]).toBe(2);
  });

  it("in the middle of a merge only delays it", async () => {
    const { store, blobs, fill } = disk();
    const { lines, log } = recordingLog();
    const { clock, advance } = manualClock(() => coordinator.settled());
    coordinator = await startInMemory({
      store,
      // The update is stored; the state after the merge finds no room.
      blobs: {
        ...blobs,
        put: async (bytes) => {
          const name = await blobs.put(bytes);
          if (replied) fill(true);
          return name;
        },
      },
      log,
      clock,
    });
    let replied = false;
    await coordinator.createFederation("tiny", tinySpec());
    const a = await joinAs(coordinator, "tiny", "a", { heldOut: 0 });
    const { lease } = leaseOf(await a.work(), "train");
    const update = await a.upload(encodeSafetensors(constantModel(3)));
    replied = true;
    expect(await a.reply(lease.id, { kind: "train", update, loss: 1 })).toEqual({ status: "accepted" });
    await coordinator.settled();
    expect(lines.map(({ message }) => message)).toContainEqual("the round cannot go on; next attempt in 500 ms");
    replied = false;
    fill(false);
    await advance(0.5);
    expect(await coordinator.federation("tiny")).toMatchObject({ status: "finished" });
    const { tensors } = decodeSafetensors(await coordinator.currentModel("tiny"));
    expect(flatten(tensors)[0]?.[1].data[0]).toBe(3);
  });
});
