import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openDepot } from "./depot.ts";
import type { BlobStore } from "./store/blobs.ts";
import { memoryBlobs } from "./store/memory-blobs.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);
const nothing = async () => new Set<string>();

describe("a depot", () => {
  it("sweeps what is neither pinned nor referenced", async () => {
    const depot = openDepot(memoryBlobs());
    const pinned = await depot.put(bytes(1));
    const referenced = await depot.put(bytes(2));
    const forgotten = await depot.put(bytes(3));
    referenced.release();
    forgotten.release();
    expect(await depot.sweep(async () => new Set([referenced.sha256]))).toBe(1);
    expect(await depot.get(pinned.sha256)).toEqual(bytes(1));
    expect(await depot.get(referenced.sha256)).toEqual(bytes(2));
    expect(await depot.get(forgotten.sha256)).toBeUndefined();
  });

  it("keeps a blob until the last of its pins is released, each of which counts once", async () => {
    const depot = openDepot(memoryBlobs());
    const first = await depot.put(bytes(1));
    const second = await depot.put(bytes(1));
    expect(second.sha256).toBe(first.sha256);
    first.release();
    first.release();
    expect(await depot.sweep(nothing)).toBe(0);
    second.release();
    expect(await depot.sweep(nothing)).toBe(1);
  });

  it("lets puts and sweeps take turns, so that what is put during a sweep stays", async () => {
    const blobs = memoryBlobs();
    let sweeping = false;
    const slow: BlobStore = {
      ...blobs,
      async put(content) {
        expect(sweeping).toBe(false);
        await sleep(2);
        return blobs.put(content);
      },
      async sweep(keep) {
        sweeping = true;
        await sleep(5);
        const removed = await blobs.sweep(keep);
        sweeping = false;
        return removed;
      },
    };
    const depot = openDepot(slow);
    (await depot.put(bytes(1))).release();
    const work: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      work.push(depot.put(bytes(1, i % 3)));
      if (i % 4 === 0) work.push(depot.sweep(nothing));
      await sleep(1);
    }
    await Promise.all(work);
    for (let i = 0; i < 3; i++) {
      const { sha256 } = await depot.put(bytes(1, i));
      expect(await depot.get(sha256)).toEqual(bytes(1, i));
    }
  });

  it("holds no pin for what could not be stored, and sweeps afterwards", async () => {
    const blobs = memoryBlobs();
    const depot = openDepot({
      ...blobs,
      put: async () => {
        throw new Error("the disk is full");
      },
    });
    const { sha256 } = await openDepot(blobs).put(bytes(1));
    await expect(depot.put(bytes(1))).rejects.toThrow("the disk is full");
    expect(await depot.sweep(nothing)).toBe(1);
    expect(await depot.get(sha256)).toBeUndefined();
  });
});
