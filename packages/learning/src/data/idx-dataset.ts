import { tensor } from "@concord/engine";
import type { Dataset } from "./dataset.ts";
import { dataset, normalised } from "./dataset.ts";
import type { IdxBytes } from "./idx.ts";

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
 * A data set from a file of images [n, height, width] and one of labels [n]; inputs are [height, width, 1], kept as bytes.
 * Throws SyntaxError for two that do not belong together, RangeError for a label that is none of 0 … classes − 1.
 */
export function idxDataset(images: IdxBytes, labels: IdxBytes, options: IdxOptions): Dataset {
  const [n, height = 0, width = 0] = images.shape;
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== n) {
    throw new SyntaxError(
      `images [${images.shape}] and labels [${labels.shape}] do not belong together: expected images [n, height, width] and labels [n]`,
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
