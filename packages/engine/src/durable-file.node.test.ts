import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeUnfinished, writeDurably } from "./durable-file.node.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "concord-durable-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("replaces a file with the given parts and mode, leaving nothing beside it", async () => {
  const path = join(folder, "file");
  await writeDurably(path, "old");
  await writeDurably(path, [new Uint8Array([110, 101]), new Uint8Array([119])], 0o600);
  expect(await readFile(path, "utf8")).toBe("new");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["file"]);
});

test("leaves what was there, and nothing beside it, where it cannot write", async () => {
  const path = join(folder, "taken");
  await mkdir(join(path, "by a folder"), { recursive: true });
  await expect(writeDurably(path, "new")).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["taken"]);
});

test("what a killed writer has left is removed, and nothing else", async () => {
  for (const name of ["file", "file.0123456789ab.tmp", "notes.tmp", "a.tmp.txt"])
    await writeFile(join(folder, name), "");
  await removeUnfinished(folder);
  expect((await readdir(folder)).sort()).toEqual(["a.tmp.txt", "file", "notes.tmp"]);
  await removeUnfinished(join(folder, "that is not there"));
});
