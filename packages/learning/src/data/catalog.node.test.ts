import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { ADULT } from "./adult.ts";
import { loadDataset } from "./catalog.node.ts";
import { CATALOG, catalogEntry, DATASET_NAMES } from "./catalog.ts";
import { labelHistogram } from "./dataset.ts";
import { HEART_DISEASE } from "./heart-disease.ts";
import { featureNames } from "./table.ts";

describe("loadDataset", () => {
  it("makes handwriting by default of 100 writers, and of 20 others to test", async () => {
    const [train, test] = await Promise.all([
      loadDataset("handwriting", { handwriting: { digitsPerWriter: 2 } }),
      loadDataset("handwriting", { part: "test", handwriting: { digitsPerWriter: 2 } }),
    ]);
    expect([train.size, test.size]).toEqual([200, 40]);
    expect(test.groupNames?.some((name) => train.groupNames?.includes(name))).toBe(false);
  });

  it("reads IDX files where CONCORD_DATA has them", async () => {
    const root = await mkdtemp(join(tmpdir(), "concord-catalog-"));
    onTestFinished(() => rm(root, { recursive: true }));
    await mkdir(join(root, "mnist"));
    for (const [stem, n] of [
      ["train", 3],
      ["t10k", 2],
    ] as const) {
      const images = Uint8Array.from([0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28, ...new Array(n * 784).fill(9)]);
      const labels = Uint8Array.from([0, 0, 8, 1, 0, 0, 0, n, ...Array.from({ length: n }, (_, i) => i)]);
      await writeFile(join(root, "mnist", `${stem}-images-idx3-ubyte.gz`), gzipSync(images));
      await writeFile(join(root, "mnist", `${stem}-labels-idx1-ubyte.gz`), gzipSync(labels));
    }
    const places = { env: { CONCORD_DATA: root } };
    expect(Array.from(labelHistogram(await loadDataset("mnist", places))).slice(0, 4)).toEqual([1, 1, 1, 0]);
    expect((await loadDataset("mnist", { ...places, part: "test" })).size).toBe(2);
    const three = join(root, "mnist", "t10k-labels-idx1-ubyte.gz");
    await writeFile(three, gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 5)));
    await expect(loadDataset("mnist", { ...places, part: "test" })).rejects.toThrow("do not belong together");
  });

  it("says what it does not have", async () => {
    await expect(loadDataset("heart-disease", { part: "test" })).rejects.toThrow("has no test part; hold out a share");
    await expect(loadDataset("imagenet")).rejects.toThrow('there is no data set "imagenet"');
  });
});

describe("the catalog", () => {
  it("has an entry under each name, with complete checksums and addresses", () => {
    for (const name of DATASET_NAMES) {
      expect(catalogEntry(name).name).toBe(name);
      for (const file of CATALOG[name].files) {
        expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(file.urls.every((url) => url.endsWith(file.name))).toBe(true);
      }
    }
  });

  it("states the shapes that the schemas give", () => {
    expect(CATALOG["heart-disease"].inputShape).toEqual([featureNames(HEART_DISEASE).length]);
    expect(CATALOG.adult.inputShape).toEqual([featureNames(ADULT).length]);
  });
});
