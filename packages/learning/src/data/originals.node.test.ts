import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadDataset } from "./catalog.node.ts";
import { CATALOG } from "./catalog.ts";
import { labelHistogram } from "./dataset.ts";
import { locateDataset } from "./locate.node.ts";

/** Known answers of the real data sets. */
const absent = !process.env.CONCORD_DATA;

describe("the originals (need CONCORD_DATA)", () => {
  it.skipIf(absent)("fashion-mnist: 6,000 and 1,000 of each class, the files as published", async () => {
    const [train, test] = await Promise.all([
      loadDataset("fashion-mnist"),
      loadDataset("fashion-mnist", { part: "test" }),
    ]);
    expect(train.inputShape).toEqual([28, 28, 1]);
    expect(Array.from(labelHistogram(train))).toEqual(new Array(10).fill(6000));
    expect(Array.from(labelHistogram(test))).toEqual(new Array(10).fill(1000));
    const [mean, deviation] = pixelMoments(train.inputs.data, 1);
    expect(mean?.[0]).toBeCloseTo(0.286, 3);
    expect(deviation?.[0]).toBeCloseTo(0.353, 3);
    const folder = await locateDataset("fashion-mnist");
    for (const file of CATALOG["fashion-mnist"].files) {
      expect(sha256(await readFile(join(folder, file.name)))).toBe(file.sha256);
    }
  });

  it.skipIf(absent)("mnist: the published counts and contents", async () => {
    const train = await loadDataset("mnist");
    expect(Array.from(labelHistogram(train))).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    // A copy may be compressed in another way than the published file; what is inside must be the same.
    const folder = await locateDataset("mnist");
    const images = await promisify(gunzip)(await readFile(join(folder, "train-images-idx3-ubyte.gz")));
    expect(sha256(images)).toBe("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
  });

  it.skipIf(absent)("cifar-10: 1,000 test images of each class and the published channel means", async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), "concord-decoded-"));
    onTestFinished(() => rm(cacheDir, { recursive: true }));
    const test = await loadDataset("cifar-10", { part: "test", cacheDir });
    expect(Array.from(labelHistogram(test))).toEqual(new Array(10).fill(1000));
    const [mean] = pixelMoments(test.inputs.data, 3);
    // Means of the official test part; the decoder of JPEG rounds down.
    [0.4942, 0.4851, 0.4504].forEach((expected, c) => {
      expect(Math.abs((mean?.[c] as number) - expected)).toBeLessThan(0.003);
    });
  });

  it.skipIf(absent)("heart-disease: the class counts of each hospital", async () => {
    const all = await loadDataset("heart-disease");
    expect(all.size).toBe(920);
    const counts = [0, 1, 2, 3].map((hospital) =>
      [0, 1].map((label) => all.y.data.filter((y, i) => y === label && all.groups?.[i] === hospital).length),
    );
    expect(counts).toEqual([
      [164, 139],
      [188, 106],
      [8, 115],
      [51, 149],
    ]);
    const swiss = await loadDataset("heart-disease", { heartDisease: { hospitals: ["Switzerland"] } });
    expect(swiss.size).toBe(123);
  });

  it.skipIf(absent)("adult: the published rows and classes", async () => {
    const [train, test] = await Promise.all([loadDataset("adult"), loadDataset("adult", { part: "test" })]);
    expect(train.inputShape).toEqual(CATALOG.adult.inputShape);
    expect(Array.from(labelHistogram(train))).toEqual([24720, 7841]);
    expect(Array.from(labelHistogram(test))).toEqual([12435, 3846]);
    const folder = await locateDataset("adult");
    for (const file of CATALOG.adult.files) expect(sha256(await readFile(join(folder, file.name)))).toBe(file.sha256);
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Mean and deviation of each channel on the scale 0 … 1. */
function pixelMoments(bytes: ArrayLike<number>, channels: number): [mean: number[], deviation: number[]] {
  const sums = new Array<number>(channels).fill(0);
  const squares = new Array<number>(channels).fill(0);
  for (let i = 0; i < bytes.length; i++) {
    const v = (bytes[i] as number) / 255;
    sums[i % channels] = (sums[i % channels] as number) + v;
    squares[i % channels] = (squares[i % channels] as number) + v * v;
  }
  const each = bytes.length / channels;
  const mean = sums.map((sum) => sum / each);
  return [mean, squares.map((square, c) => Math.sqrt(square / each - (mean[c] as number) ** 2))];
}
