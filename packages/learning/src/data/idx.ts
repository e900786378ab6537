/** Unsigned bytes with their shape, as the IDX files of MNIST hold them. */
export interface IdxBytes {
  readonly shape: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file of unsigned bytes: two zero bytes, the element type (8), the number of axes, each axis as a
 * big-endian 32-bit number, then the elements in row-major order (LeCun, Cortes and Burges, "THE MNIST DATABASE").
 * Throws SyntaxError, saying what is wrong with `name`, for anything else.
 */
export function parseIdx(file: Uint8Array, name = "IDX file"): IdxBytes {
  const complain = (what: string) => new SyntaxError(`${name}: ${what}`);
  if (file.length < 4) throw complain(`${file.length} bytes are too few for an IDX header`);
  const [zero, zeroToo, type, rank] = file as unknown as [number, number, number, number];
  if (zero !== 0 || zeroToo !== 0) {
    throw complain(
      `an IDX file begins with two zero bytes, this one with ${zero}, ${zeroToo}${zero === 0x1f && zeroToo === 0x8b ? " (gzip: decompress it first)" : ""}`,
    );
  }
  if (type !== UNSIGNED_BYTE) throw complain(`element type ${type} is not 8 (unsigned byte)`);
  if (rank < 1) throw complain("it has no axis");

  const header = 4 + 4 * rank;
  if (file.length < header) throw complain(`${file.length} bytes are too few for a header of ${rank} axes`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (file.length !== header + size) {
    throw complain(`shape [${shape}] needs ${size} bytes after the header, there are ${file.length - header}`);
  }
  return { shape, data: file.slice(header) };
}
