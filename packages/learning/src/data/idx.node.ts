import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Dataset } from "./dataset.ts";
import type { IdxBytes } from "./idx.ts";
import { parseIdx } from "./idx.ts";
import type { IdxOptions } from "./idx-dataset.ts";
import { idxDataset } from "./idx-dataset.ts";
import type { IdxFamily } from "./idx-families.ts";

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

/**
 * A data set of one's own from a file of images [n, height, width] and one of labels [n]; inputs are [height, width, 1],
 * kept as bytes. Files whose names end in `.gz` are decompressed.
 * Throws the error of the file system for a file that is not there, SyntaxError for one that is damaged or for two that
 * do not belong together, RangeError for a label that is none of 0 … classes − 1.
 */
export async function loadIdxFiles(imagesPath: string, labelsPath: string, options: IdxOptions): Promise<Dataset> {
  const [images, labels] = await Promise.all([readIdxFile(imagesPath), readIdxFile(labelsPath)]);
  try {
    return idxDataset(images, labels, options);
  } catch (error) {
    if (error instanceof SyntaxError) throw new SyntaxError(`${imagesPath}, ${labelsPath}: ${error.message}`);
    throw error;
  }
}

/** Reads one IDX file, compressed with gzip where its name ends in `.gz`. */
export async function readIdxFile(path: string): Promise<IdxBytes> {
  const raw = await readFile(path);
  return parseIdx(path.endsWith(".gz") ? await promisify(gunzip)(raw) : raw, path);
}
