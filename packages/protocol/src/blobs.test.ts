import { afterEach, describe, expect, it, vi } from "vitest";
import { blobId, blobIdSchema, blobRefSchema } from "./blobs.ts";

// FIPS 180-4 and the NIST examples: the empty message, "abc", and a million times "a".
const KNOWN: [string, Uint8Array<ArrayBuffer>, string][] = [
  ["nothing", new Uint8Array(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", Uint8Array.of(97, 98, 99), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "a million a",
    new Uint8Array(1_000_000).fill(97),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  ],
];

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the name of a blob", () => {
  it.each(KNOWN)("is the SHA-256 of its bytes: %s", async (_, bytes, expected) => {
    expect(await blobId(bytes)).toBe(expected);
  });

  it.each(KNOWN)("is the same where the page has no WebCrypto: %s", async (_, bytes, expected) => {
    vi.stubGlobal("crypto", {});
    expect(await blobId(bytes)).toBe(expected);
  });

  it("is that of the bytes in view, not of the buffer below", async () => {
    expect(await blobId(Uint8Array.of(0, 97, 98, 99, 0).subarray(1, 4))).toBe(KNOWN[1]?.[2]);
  });

  it("is lower-case hex of 64 digits", () => {
    const id = "ab".repeat(32);
    expect(blobIdSchema.parse(id)).toBe(id);
    for (const wrong of [
      id.toUpperCase(),
      id.slice(1),
      `${id}0`,
      `${id}\n`,
      id.replace("a", "g"),
      "",
      "../../etc/passwd",
    ]) {
      expect(blobIdSchema.safeParse(wrong).success).toBe(false);
    }
  });

  it("goes with a number of bytes", () => {
    const sha256 = "00".repeat(32);
    expect(blobRefSchema.parse({ sha256, bytes: 0 })).toEqual({ sha256, bytes: 0 });
    for (const bytes of [-1, 1.5, "1", 2 ** 60, null]) {
      expect(blobRefSchema.safeParse({ sha256, bytes }).success).toBe(false);
    }
  });
});
