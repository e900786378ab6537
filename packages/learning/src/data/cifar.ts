import { tensor } from "@concord/engine";
import type { Dataset } from "./dataset.ts";
import { dataset, normalised } from "./dataset.ts";

/** Bytes of a record of the binary version of CIFAR-10: the label, then 1024 red, 1024 green and 1024 blue bytes. */
export const CIFAR_RECORD_BYTES = 3073;

export const CIFAR_CLASS_NAMES: readonly string[] = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

/** Mean and deviation of the training pixels of each channel, on the scale 0 … 1. */
const MEAN = [0.4914, 0.4822, 0.4465];
const DEVIATION = [0.247, 0.2435, 0.2616];

const PLANE = 32 * 32;

/**
 * CIFAR-10 (Krizhevsky 2009) from the records of its binary version, one file after another: inputs [32, 32, 3] with the
 * channels red, green, blue on the last axis, normalised by the means and deviations of the training part.
 * Throws SyntaxError, naming `source`, for a length that is no whole number of records and for a label above 9.
 */
export function parseCifarRecords(files: readonly Uint8Array[], source = "CIFAR-10"): Dataset {
  for (const file of files) {
    if (file.length % CIFAR_RECORD_BYTES !== 0) {
      throw new SyntaxError(
        `${source}: ${file.length} bytes are no whole number of records of ${CIFAR_RECORD_BYTES} bytes`,
      );
    }
  }
  const size = files.reduce((sum, file) => sum + file.length / CIFAR_RECORD_BYTES, 0);
  const labels = new Int32Array(size);
  const pixels = new Uint8Array(size * 3 * PLANE);
  let row = 0;
  for (const file of files) {
    for (let start = 0; start < file.length; start += CIFAR_RECORD_BYTES, row++) {
      const label = file[start] as number;
      if (label > 9) throw new SyntaxError(`${source}: record ${row} has label ${label}, which is none of 0 … 9`);
      labels[row] = label;
      interleave(file, start + 1, pixels, row * 3 * PLANE);
    }
  }
  return dataset({
    name: "cifar-10",
    inputShape: [32, 32, 3],
    inputs: { kind: "bytes", data: pixels, ...normalised(MEAN, DEVIATION) },
    y: tensor("int32", [size], labels),
    classes: 10,
    classNames: CIFAR_CLASS_NAMES,
    generated: false,
  });
}

/** The record of an image whose channels lie side by side (3072 bytes, red, green, blue for each pixel). */
export function cifarRecord(label: number, pixels: Uint8Array): Uint8Array<ArrayBuffer> {
  if (pixels.length !== 3 * PLANE) throw new RangeError(`an image has ${3 * PLANE} bytes, got ${pixels.length}`);
  const record = new Uint8Array(CIFAR_RECORD_BYTES);
  record[0] = label;
  for (let i = 0; i < PLANE; i++) {
    record[1 + i] = pixels[3 * i] as number;
    record[1 + PLANE + i] = pixels[3 * i + 1] as number;
    record[1 + 2 * PLANE + i] = pixels[3 * i + 2] as number;
  }
  return record;
}

function interleave(from: Uint8Array, at: number, into: Uint8Array, target: number): void {
  for (let i = 0; i < PLANE; i++) {
    into[target + 3 * i] = from[at + i] as number;
    into[target + 3 * i + 1] = from[at + PLANE + i] as number;
    into[target + 3 * i + 2] = from[at + 2 * PLANE + i] as number;
  }
}
