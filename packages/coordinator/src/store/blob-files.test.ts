import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openBlobFiles } from "./blob-files.ts";
import { blobContract } from "./blob-suite.ts";

const newFolder = () => mkdtemp(join(tmpdir(), "concord-blobs-"));

blobContract("blobs in files", async () => {
  const folder = await newFolder();
  return { blobs: await openBlobFiles(join(folder, "blobs")), dispose: () => rm(folder, { recursive: true }) };
});

describe("openBlobFiles", () => {
  const abc = new TextEncoder().encode("abc");
  const name = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  let parent: string;
  let folder: string;
  let file: string;

  beforeEach(async () => {
    parent = await newFolder();
    folder = join(parent, "deep", "blobs");
    file = join(folder, "ba", name.slice(2));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(parent, { recursive: true });
  });

  const filesBelow = async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  };

  it("finds again what was put before", async () => {
    await (await openBlobFiles(folder)).put(abc);
    expect(await (await openBlobFiles(folder)).get(name)).toEqual(abc);
    expect(new Uint8Array(await readFile(file))).toEqual(abc);
  });

  it.skipIf(process.platform === "win32")("lets nobody but the owner in", async () => {
    await (await openBlobFiles(folder)).put(abc);
    const modes = await Promise.all(
      [folder, join(folder, "ba"), file].map(async (path) => (await stat(path)).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o700, 0o600]);
  });

  it("gives no damaged blob, moves it aside, and takes a good one in its place", async () => {
    const blobs = await openBlobFiles(folder);
    await blobs.put(abc);
    await writeFile(file, "abd");
    expect(await blobs.get(name)).toBeUndefined();
    expect(await blobs.has(name)).toBe(false);
    expect(await filesBelow()).toEqual([`${name.slice(2)}.damaged`]);
    await blobs.put(abc);
    expect(await blobs.get(name)).toEqual(abc);
  });

  it("replaces a damaged blob when it is put again, though nobody has asked for it", async () => {
    const blobs = await openBlobFiles(folder);
    await blobs.put(abc);
    await writeFile(file, "");
    await blobs.put(abc);
    expect(await blobs.get(name)).toEqual(abc);
  });

  it("removes what a dead process left half-written, and leaves alone what is not its own", async () => {
    await (await openBlobFiles(folder)).put(abc);
    await writeFile(`${file}.0001.writing`, "ab");
    await writeFile(join(folder, "ba", "notes.txt"), "mine");
    await mkdir(join(folder, "other"));
    await writeFile(join(folder, "other", "x.writing"), "mine");
    const blobs = await openBlobFiles(folder);
    expect((await filesBelow()).sort()).toEqual([name.slice(2), "notes.txt", "x.writing"].sort());
    expect(await blobs.sweep(new Set())).toBe(1);
    expect((await filesBelow()).sort()).toEqual(["notes.txt", "x.writing"]);
  });

  it("says so when the disk is full, and leaves nothing of the blob", async () => {
    const blobs = await openBlobFiles(folder);
    const { writeFile: write } = await handlePrototype(parent);
    vi.spyOn(await handlePrototype(parent), "writeFile").mockImplementation(async function (this: FileHandle) {
      await write.call(this, "a");
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    });
    await expect(blobs.put(abc)).rejects.toMatchObject({
      name: "ConcordError",
      code: "resource_exhausted",
      message: expect.stringContaining(folder),
    });
    vi.restoreAllMocks();
    expect(await filesBelow()).toEqual([]);
    await blobs.put(abc);
    expect(await blobs.get(name)).toEqual(abc);
  });

  it("says which folder it cannot use", async () => {
    await mkdir(join(parent, "deep"));
    await writeFile(folder, "a file where the folder should be");
    await expect(openBlobFiles(folder)).rejects.toMatchObject({
      name: "ConcordError",
      code: "permission_denied",
      message: expect.stringContaining(folder),
    });
    await expect(openBlobFiles(join(folder, "deeper"))).rejects.toMatchObject({ code: "permission_denied" });
  });
});

/** What all file handles share: Node exports no class of them. */
async function handlePrototype(folder: string): Promise<FileHandle> {
  const handle = await open(join(folder, "any"), "w");
  await handle.close();
  return Object.getPrototypeOf(handle);
}
