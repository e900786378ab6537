import { byCodeUnits } from "./code-units.ts";
import { repeatedKey } from "./json-keys.ts";
import type { DType, Tensor, TensorSpec } from "./tensor.ts";
import { allocate, bytesPerElement, payloadBytes, sizeOf, tensor } from "./tensor.ts";
import type { Leaves, Tree } from "./tree.ts";
import { flatten, unflatten } from "./tree.ts";

/**
 * Named trees as safetensors files (huggingface/safetensors, format 1.0): an 8-byte little-endian header length, a JSON
 * header, and the elements of all tensors one after the other, little-endian, in header order without gaps.
 *
 * Writing is canonical: the same tree and metadata give the same bytes, so that their SHA-256 names the content.
 */
export interface SafetensorsFile {
  readonly tensors: Tree<Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a reader accepts before it allocates anything. */
export interface SafetensorsLimits {
  /** Bytes of the JSON header. */
  readonly headerBytes: number;
  readonly tensors: number;
}

export const DEFAULT_LIMITS: SafetensorsLimits = { headerBytes: 16 * 1024 * 1024, tensors: 100_000 };

/** The most axes of a tensor and the most names in a path that a reader accepts: as many as NumPy and nobody needs. */
const MAX_AXES = 64;
const MAX_DEPTH = 64;

/** A file that is not safetensors, or breaks its rules; the message says where. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";
}

const NAMES: Readonly<Record<DType, string>> = { float32: "F32", float64: "F64", int32: "I32", bool: "BOOL" };
const DTYPES: ReadonlyMap<string, DType> = new Map(
  (Object.entries(NAMES) as [DType, string][]).map(([dtype, name]) => [name, dtype]),
);

/** The bytes of a tree. The header is padded with spaces so that the elements start at a multiple of 8. */
export function encodeSafetensors(
  tensors: Tree<Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const leaves = inFileOrder(tensors);
  const { json, start, end } = layOut(leaves, metadata);
  const file = new Uint8Array(end);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.fill(0x20, 8, start);
  file.set(json, 8);
  let offset = start;
  for (const [, leaf] of leaves) {
    file.set(littleEndian(leaf), offset);
    offset += payloadBytes(leaf);
  }
  return file;
}

/** How many bytes `encodeSafetensors` makes of tensors with these specs. */
export function encodedBytes(specs: Tree<TensorSpec>, metadata: Readonly<Record<string, string>> = {}): number {
  return layOut(inFileOrder(specs), metadata).end;
}

/** Bytes of the elements of all tensors of a tree: what the papers' formulas count, without any header. */
export function treePayload(specs: Tree<TensorSpec>): number {
  return flatten(specs).reduce((bytes, [, spec]) => bytes + payloadBytes(spec), 0);
}

/** The header of a file, and where its elements start and end. */
function layOut(leaves: Leaves<TensorSpec>, metadata: Readonly<Record<string, string>>) {
  // Written by hand: an object would put names such as "0" first, and the header is to be in the order of the elements.
  const entries: string[] = [];
  const add = (name: string, value: unknown) => entries.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (Object.keys(metadata).length > 0) {
    add("__metadata__", Object.fromEntries(Object.entries(metadata).sort(byCodeUnits(([name]) => name))));
  }
  let size = 0;
  for (const [path, leaf] of leaves) {
    if (path === "__metadata__") throw new SafetensorsError('a tensor cannot be called "__metadata__"');
    const from = size;
    size += payloadBytes(leaf);
    add(path, { dtype: NAMES[leaf.dtype], shape: leaf.shape, data_offsets: [from, size] });
  }
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const start = 8 + Math.ceil(json.length / 8) * 8;
  return { json, start, end: start + size };
}

/**
 * Reads a file. Throws SafetensorsError for a truncated file, a header over the limit, an unknown dtype, offsets that
 * overlap, leave gaps or run out of the file, sizes that do not fit the shape, a name that is there twice, and bytes
 * after the last tensor. What it allocates is bounded by the size of the file.
 */
export function decodeSafetensors(file: Uint8Array, limits: SafetensorsLimits = DEFAULT_LIMITS): SafetensorsFile {
  const { entries, metadata, start } = readHeader(file, limits);
  const leaves = entries.map(({ path, dtype, shape, from, to }): readonly [string, Tensor] => {
    const bytes = file.subarray(start + from, start + to);
    return [path, fromLittleEndian(dtype, shape, bytes, path)];
  });
  try {
    return { tensors: unflatten(leaves), metadata };
  } catch (error) {
    // Paths that cannot be those of one tree: "a" beside "a.b", or an empty name.
    throw new SafetensorsError(shorten(error instanceof Error ? error.message : String(error)));
  }
}

interface Entry {
  readonly path: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function readHeader(file: Uint8Array, limits: SafetensorsLimits) {
  if (file.length < 8) throw new SafetensorsError(`a file of ${file.length} bytes has no header`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > BigInt(limits.headerBytes)) {
    throw new SafetensorsError(`the header has ${length} bytes, at most ${limits.headerBytes} are accepted`);
  }
  const start = 8 + Number(length);
  if (start > file.length) throw new SafetensorsError(`the header ends at byte ${start} of ${file.length}`);
  const header = parseHeader(file.subarray(8, start));
  const metadata = readMetadata(header.__metadata__);
  const named = Object.entries(header).filter(([path]) => path !== "__metadata__");
  if (named.length > limits.tensors) {
    throw new SafetensorsError(`the file has ${named.length} tensors, at most ${limits.tensors} are accepted`);
  }
  const entries = named.map(([path, value]) => readEntry(path, value)).sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { path, from, to } of entries) {
    if (from !== end) {
      throw new SafetensorsError(`${show(path)} starts at ${from}, expected ${end} (offsets overlap or leave a gap)`);
    }
    end = to;
  }
  const present = file.length - start;
  if (end > present) throw new SafetensorsError(`the tensors need ${end} bytes, the file has ${present}`);
  if (end < present) throw new SafetensorsError(`${present - end} bytes follow the last tensor`);
  return { entries, metadata, start };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw new SafetensorsError("the header does not begin with {");
  let text: string;
  let header: Record<string, unknown>;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new SafetensorsError("the header is no JSON");
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw new SafetensorsError(`the header has ${show(repeated)} twice`);
  return header;
}

function readMetadata(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const isText = (entry: unknown) => typeof entry === "string";
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.values(value).every(isText)) {
    throw new SafetensorsError("__metadata__ must map names to text");
  }
  return { ...(value as Record<string, string>) };
}

function readEntry(path: string, value: unknown): Entry {
  const { dtype: name, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const dtype = typeof name === "string" ? DTYPES.get(name) : undefined;
  if (path.split(".", MAX_DEPTH + 1).length > MAX_DEPTH) {
    throw new SafetensorsError(`${show(path)} has more than ${MAX_DEPTH} names`);
  }
  if (dtype === undefined) {
    throw new SafetensorsError(`${show(path)} has dtype ${show(name)}, known are ${[...DTYPES.keys()].join(", ")}`);
  }
  if (!isSizes(shape)) throw new SafetensorsError(`${show(path)} has shape ${show(shape)}`);
  if (shape.length > MAX_AXES) {
    throw new SafetensorsError(`${show(path)} has ${shape.length} axes, at most ${MAX_AXES} are accepted`);
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw new SafetensorsError(`${show(path)} has offsets ${show(offsets)}`);
  }
  const [from, to] = offsets as [number, number];
  let bytes: number;
  try {
    bytes = sizeOf(shape) * bytesPerElement(dtype);
  } catch (error) {
    throw new SafetensorsError(`${show(path)}: ${error instanceof Error ? error.message : error}`);
  }
  if (to - from !== bytes) {
    throw new SafetensorsError(`${show(path)} has ${to - from} bytes, its shape [${shape}] needs ${bytes}`);
  }
  return { path, dtype, shape, from, to };
}

/** A value for a message; whoever made the file may have made it very long. */
function show(value: unknown): string {
  return shorten(JSON.stringify(value) ?? "undefined");
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0 && !Object.is(n, -0));
}

/** Widest elements first, then by path: every tensor starts at a multiple of its element size. */
function inFileOrder<T extends TensorSpec>(tree: Tree<T>): Leaves<T> {
  return [...flatten(tree)].sort(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function littleEndian({ dtype, data }: Tensor): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return HOST_IS_LITTLE_ENDIAN ? bytes : swapped(bytes, bytesPerElement(dtype));
}

function fromLittleEndian(dtype: DType, shape: readonly number[], bytes: Uint8Array, path: string): Tensor {
  const data = allocate(dtype, sizeOf(shape));
  const target = new Uint8Array(data.buffer);
  target.set(HOST_IS_LITTLE_ENDIAN ? bytes : swapped(bytes, bytesPerElement(dtype)));
  if (dtype === "bool" && target.some((byte) => byte > 1)) {
    throw new SafetensorsError(`${show(path)} holds a bool that is neither 0 nor 1`);
  }
  return tensor(dtype, shape, data) as Tensor;
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += size) {
    for (let k = 0; k < size; k++) result[i + k] = bytes[i + size - 1 - k] as number;
  }
  return result;
}
