import { blobId } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BlobStore } from "./blobs.ts";

export interface BlobsUnderTest {
  readonly blobs: BlobStore;
  dispose(): Promise<void>;
}

/** What every implementation of `BlobStore` must do, as tests with known answers. */
export function blobContract(name: string, make: () => Promise<BlobsUnderTest>): void {
  describe(`${name} keep the contract of a blob store`, () => {
    let tested: BlobsUnderTest;
    let blobs: BlobStore;

    beforeEach(async () => {
      tested = await make();
      blobs = tested.blobs;
    });
    afterEach(() => tested.dispose());

    it("name bytes by their SHA-256", async () => {
      // The test vector of FIPS 180-4 for "abc".
      const name = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
      expect(await blobs.put(text("abc"))).toBe(name);
      expect(await blobs.get(name)).toEqual(text("abc"));
      expect(await blobs.has(name)).toBe(true);
    });

    it("keep no bytes, and many", async () => {
      const many = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251);
      for (const bytes of [new Uint8Array(), many]) {
        expect(await blobs.get(await blobs.put(bytes))).toEqual(bytes);
      }
    });

    it("know nothing of what was not put, nor of what is no name", async () => {
      await blobs.put(text("abc"));
      for (const name of [await blobId(text("abd")), "", "ba", "../../etc/passwd", "BA".repeat(32), "g".repeat(64)]) {
        expect(await blobs.get(name)).toBeUndefined();
        expect(await blobs.has(name)).toBe(false);
      }
    });

    it("hold the same bytes once", async () => {
      const names = await Promise.all(Array.from({ length: 20 }, () => blobs.put(text("abc"))));
      expect(new Set(names).size).toBe(1);
      expect(await blobs.sweep(new Set())).toBe(1);
    });

    it("hold a part of a buffer as that part", async () => {
      const part = text("xxabcxx").subarray(2, 5);
      expect(await blobs.put(part)).toBe(await blobId(text("abc")));
      expect(await blobs.get(await blobId(text("abc")))).toEqual(text("abc"));
    });

    it("cannot be changed through what was given or got", async () => {
      const bytes = text("abc");
      const name = await blobs.put(bytes);
      bytes[0] = 0;
      (await blobs.get(name))?.fill(0);
      expect(await blobs.get(name)).toEqual(text("abc"));
    });

    it("sweep what is not to be kept", async () => {
      const [a, b, c] = await Promise.all(["a", "b", "c"].map((word) => blobs.put(text(word))));
      expect(await blobs.sweep(new Set([b ?? "", await blobId(text("never put"))]))).toBe(2);
      expect(await Promise.all([a, b, c].map((name) => blobs.has(name ?? "")))).toEqual([false, true, false]);
      expect(await blobs.sweep(new Set([b ?? ""]))).toBe(0);
      expect(await blobs.put(text("a"))).toBe(a);
      expect(await blobs.get(a ?? "")).toEqual(text("a"));
    });
  });
}

function text(words: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(words);
}
