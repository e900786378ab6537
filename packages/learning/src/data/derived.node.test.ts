import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readDerived } from "./derived.node.ts";

let root: string;
let source: string;
let cacheDir: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "concord-derived-"));
  source = join(root, "source");
  cacheDir = join(root, "cache");
  await writeFile(source, "original");
});
afterEach(() => rm(root, { recursive: true }));

/** Derives bytes and counts how often it is asked to. */
function counting() {
  const calls = { count: 0 };
  const derive = async () => {
    calls.count++;
    return Uint8Array.of(1, 2, 3);
  };
  return { calls, read: (recipe = "v1") => readDerived({ source, recipe, cacheDir, derive }) };
}

describe("readDerived", () => {
  it("derives once, and again for another recipe or another source", async () => {
    const { calls, read } = counting();
    expect([...(await read()), ...(await read())]).toEqual([1, 2, 3, 1, 2, 3]);
    expect(calls.count).toBe(1);
    await read("v2");
    expect(calls.count).toBe(2);
    await writeFile(source, "a longer source");
    await read();
    expect(calls.count).toBe(3);
  });

  it.each([
    ["cut", (bytes: Uint8Array) => bytes.slice(0, -1)],
    ["empty", () => new Uint8Array()],
    ["changed", (bytes: Uint8Array) => bytes.with(-1, 9)],
  ])("derives anew where the kept result is %s", async (_, damage) => {
    const { calls, read } = counting();
    await read();
    const [name] = await readdir(cacheDir);
    const kept = join(cacheDir, name as string);
    await writeFile(kept, damage(new Uint8Array(await readFile(kept))));
    expect([...(await read())]).toEqual([1, 2, 3]);
    expect([...(await read())]).toEqual([1, 2, 3]);
    expect(calls.count).toBe(2);
  });

  it("leaves one result and no draft when many derive at once", async () => {
    const { read } = counting();
    await Promise.all(Array.from({ length: 8 }, () => read()));
    expect((await readdir(cacheDir)).length).toBe(1);
  });

  it("keeps nothing without a cache folder", async () => {
    const bytes = await readDerived({
      source,
      recipe: "v1",
      cacheDir: undefined,
      derive: async () => Uint8Array.of(7),
    });
    expect([...bytes]).toEqual([7]);
    expect(await readdir(root)).toEqual(["source"]);
  });
});
