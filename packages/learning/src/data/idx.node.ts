import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { tensor } from "@concord/engine";
import type { Dataset } from "./dataset.ts";
import { dataset, normalised } from "./dataset.ts";
import type { IdxBytes } from "./idx.ts";
import { parseIdx } from "./idx.ts";

/** What distinguishes the data sets that come as the four IDX files of MNIST. */
export interface IdxFamily {
  readonly name: string;
  readonly classNames: readonly string[];
  /** Mean and standard deviation of the training pixels, on the scale 0 … 1. */
  readonly mean: number;
  readonly deviation: number;
}

export const MNIST: IdxFamily = {
  name: "mnist",
  classNames: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  mean: 0.1307,
  deviation: 0.3081,
};

export const FASHION_MNIST: IdxFamily = {
  name: "fashion-mnist",
  classNames: [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
  ],
  mean: 0.286,
  deviation: 0.353,
};

/**
 * Reads the training (60,000) or test part (10,000 examples) from a folder with the original gzip files.
 * Inputs are [28, 28, 1], normalised with the mean and deviation of the training part, kept as bytes.
 * Throws the error of the file system for a file that is not there, SyntaxError for one that is damaged.
 */
export async function loadIdxFolder(folder: string, family: IdxFamily, part: "train" | "test"): Promise<Dataset> {
  const stem = part === "train" ? "train" : "t10k";
  return loadIdxFiles(join(folder, `${stem}-images-idx3-ubyte.gz`), join(folder, `${stem}-labels-idx1-ubyte.gz`), {
    ...family,
    classes: family.classNames.length,
  });
}

export interface IdxOptions {
  readonly classes: number;
  /** Default "IDX files". */
  readonly name?: string | undefined;
  readonly classNames?: readonly string[] | undefined;
  /** Mean and deviation of the pixels on the scale 0 … 1. Default: those of the given images. */
  readonly mean?: number | undefined;
  readonly deviation?: number | undefined;
}

/**
 * A data set of one's own from a file of images [n, height, width] and one of labels [n]; inputs are [height, width, 1],
 * kept as bytes. Files whose names end in `.gz` are decompressed.
 * Throws the error of the file system for a file that is not there, SyntaxError for one that is damaged or for two that
 * do not belong together, RangeError for a label that is none of 0 … classes − 1.
 */
export async function loadIdxFiles(imagesPath: string, labelsPath: string, options: IdxOptions): Promise<Dataset> {
  const [images, labels] = await Promise.all([readIdxFile(imagesPath), readIdxFile(labelsPath)]);
  const [n, height = 0, width = 0] = images.shape;
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== n) {
    throw new SyntaxError(
      `${imagesPath} [${images.shape}] and ${labelsPath} [${labels.shape}] do not belong together: expected images [n, height, width] and labels [n]`,
    );
  }
  const { mean, deviation } =
    options.mean !== undefined && options.deviation !== undefined
      ? { mean: options.mean, deviation: options.deviation }
      : pixelStatistics(images.data);
  return dataset({
    name: options.name ?? "IDX files",
    inputShape: [height, width, 1],
    inputs: { kind: "bytes", data: images.data, ...normalised([mean], [deviation]) },
    y: tensor("int32", [labels.data.length], Int32Array.from(labels.data)),
    classes: options.classes,
    ...(options.classNames && { classNames: options.classNames }),
    generated: false,
  });
}

/** Mean and deviation on the scale 0 … 1; deviation 1 for pixels that never vary. */
function pixelStatistics(bytes: Uint8Array): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  for (const byte of bytes) {
    sum += byte;
    squares += byte * byte;
  }
  const n = Math.max(1, bytes.length);
  const mean = sum / n;
  const variance = squares / n - mean * mean;
  return { mean: mean / 255, deviation: variance > 0 ? Math.sqrt(variance) / 255 : 1 };
}

/** Reads one IDX file, compressed with gzip where its name ends in `.gz`. */
export async function readIdxFile(path: string): Promise<IdxBytes> {
  const raw = await readFile(path);
  return parseIdx(path.endsWith(".gz") ? await promisify(gunzip)(raw) : raw, path);
}
