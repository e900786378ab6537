import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gatherAll } from "./dataset.ts";
import { loadIdxFiles } from "./idx.node.ts";

let folder: string;
let images: string;
let labels: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "concord-idx-"));
  images = join(folder, "images");
  labels = join(folder, "labels");
  await writeFile(images, Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 255, 0));
  await writeFile(labels, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 4, 0));
});
afterEach(() => rm(folder, { recursive: true }));

describe("loadIdxFiles", () => {
  it("standardises with the statistics of the images, or with those that are given", async () => {
    const own = gatherAll(await loadIdxFiles(images, labels, { classes: 5 }));
    expect(own.x.shape).toEqual([2, 1, 2, 1]);
    [-1, 1, 1, -1].forEach((expected, i) => {
      expect(own.x.data[i]).toBeCloseTo(expected, 6);
    });
    expect(Array.from(own.y.data)).toEqual([4, 0]);
    const given = gatherAll(await loadIdxFiles(images, labels, { classes: 5, mean: 0, deviation: 1 }));
    expect(given.x.data[1]).toBeCloseTo(1, 6);
  });

  it("says what does not fit", async () => {
    await expect(loadIdxFiles(labels, labels, { classes: 5 })).rejects.toThrow("do not belong together");
    await expect(loadIdxFiles(images, labels, { classes: 4 })).rejects.toThrow("label 4 of example 0 is none of 0 … 3");
    await expect(loadIdxFiles(join(folder, "none"), labels, { classes: 4 })).rejects.toThrow("ENOENT");
  });
});
