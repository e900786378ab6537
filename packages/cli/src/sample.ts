import type { Dataset } from "@concord/learning";

/** Examples for guests that bring none, as two IDX files. */
export interface IdxSample {
  readonly images: Uint8Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** Image examples of a data set as IDX files (unsigned bytes, shapes [n, height, width] and [n]). */
export function idxSample({ inputs, inputShape, y, size }: Dataset): IdxSample {
  if (inputs.kind !== "bytes" || inputShape.length !== 3 || inputShape[2] !== 1) {
    throw new TypeError("only grey images kept as bytes can be written as IDX");
  }
  const [height = 0, width = 0] = inputShape;
  return { images: idx([size, height, width], inputs.data), labels: idx([size], Uint8Array.from(y.data)) };
}

/** The IDX format (yann.lecun.com/exdb/mnist): magic 0x0000 08 d, d big-endian sizes, the elements. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = 4 + 4 * shape.length;
  const file = new Uint8Array(header + data.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  for (const [i, axis] of shape.entries()) view.setUint32(4 + 4 * i, axis);
  file.set(data, header);
  return file;
}
