import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import jpeg from "jpeg-js";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadCifarFolder } from "./cifar.node.ts";
import { CIFAR_RECORD_BYTES } from "./cifar.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "concord-cifar-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A JPEG image of one colour. */
function plain(side: number, red: number, green: number, blue: number): Buffer {
  const data = Buffer.from(Array.from({ length: side * side }, () => [red, green, blue, 255]).flat());
  return jpeg.encode({ width: side, height: side, data }, 95).data;
}

function record(label: number, byte: number): Uint8Array {
  return new Uint8Array(CIFAR_RECORD_BYTES).fill(byte).with(0, label);
}

async function writeArchive(name: string, files: Record<string, Uint8Array>): Promise<void> {
  const archive = pack();
  for (const [path, bytes] of Object.entries(files)) archive.entry({ name: path }, Buffer.from(bytes));
  archive.finalize();
  await pipeline(archive, createGzip(), createWriteStream(join(folder, name)));
}

describe("loadCifarFolder", () => {
  it("reads the binary version, in its folder or beside", async () => {
    await mkdir(join(folder, "cifar-10-batches-bin"));
    for (const i of [1, 2, 3, 4, 5]) {
      await writeFile(join(folder, "cifar-10-batches-bin", `data_batch_${i}.bin`), record(i, 10 * i));
    }
    const train = await loadCifarFolder(folder, "train");
    expect(Array.from(train.y.data)).toEqual([1, 2, 3, 4, 5]);
    expect(train.inputs.data[2 * 3072]).toBe(30);
    await writeFile(join(folder, "test_batch.bin"), record(9, 1));
    expect(Array.from((await loadCifarFolder(folder, "test")).y.data)).toEqual([9]);
  });

  it("reads the archive of the binary version and keeps the records", async () => {
    const batches = [5, 3, 1, 2, 4].map((i) => [`cifar-10-batches-bin/data_batch_${i}.bin`, record(i, i)] as const);
    await writeArchive("cifar-10-binary.tar.gz", {
      ...Object.fromEntries(batches),
      "cifar-10-batches-bin/test_batch.bin": record(0, 0),
    });
    const cacheDir = join(folder, "cache");
    const first = await loadCifarFolder(folder, "train", { cacheDir });
    expect(Array.from(first.y.data)).toEqual([1, 2, 3, 4, 5]);
    expect((await readdir(cacheDir)).length).toBe(1);
    expect(await loadCifarFolder(folder, "train", { cacheDir })).toEqual(first);
  });

  it("decodes JPEG images, in the order of their paths", async () => {
    await writeArchive("images.tar.gz", {
      "x/test/frog/0001.jpg": plain(32, 200, 100, 50),
      "x/test/cat/0000.jpg": plain(32, 0, 0, 255),
      "x/train/cat/0000.jpg": plain(32, 1, 2, 3),
    });
    const test = await loadCifarFolder(folder, "test");
    expect(Array.from(test.y.data)).toEqual([3, 6]);
    [200, 100, 50].forEach((expected, c) => {
      expect(Math.abs((test.inputs.data[3072 + c] as number) - expected)).toBeLessThan(5);
    });
  });

  it("says what it misses and what is wrong", async () => {
    await expect(loadCifarFolder(folder, "train")).rejects.toThrow("no CIFAR-10 here; looked for data_batch_1.bin");
    await writeArchive("images.tar.gz", {
      "test/dragon/1.jpg": plain(32, 0, 0, 0),
      "train/cat/1.jpg": plain(16, 0, 0, 0),
    });
    await expect(loadCifarFolder(folder, "test")).rejects.toThrow('"dragon" is no class of CIFAR-10');
    await expect(loadCifarFolder(folder, "train")).rejects.toThrow("16 × 16 pixels, not 32 × 32");
    await writeFile(join(folder, "images.tar.gz"), "not an archive");
    await expect(loadCifarFolder(folder, "test")).rejects.toThrow();
  });
});
