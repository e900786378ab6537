/**
 * The wire format of protocol buffers (protobuf.dev/programming-guides/encoding): what ONNX files are written in.
 * A message is a list of fields, each with a number and one of four encodings.
 */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Writes one message; nested messages are written first and added as bytes. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  int(field: number, value: number | bigint): this {
    this.#push(tag(field, VARINT));
    this.#push(varint(BigInt(value)));
    return this;
  }

  float(field: number, value: number): this {
    this.#push(tag(field, FIXED32));
    this.#push(new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#push(tag(field, BYTES));
    this.#push(varint(BigInt(value.length)));
    this.#push(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** Repeated integers, packed. */
  ints(field: number, values: readonly number[]): this {
    return this.bytes(field, join(values.map((value) => varint(BigInt(value)))));
  }

  message(field: number, message: MessageWriter): this {
    return this.bytes(field, message.finish());
  }

  finish(): Uint8Array {
    return join(this.#parts, this.#size);
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#size += part.length;
  }
}

/** One field as it stands on the wire. */
export interface Field {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/**
 * The fields of a message in their order; a fixed32 or fixed64 value comes as its bytes.
 * Throws RangeError where the bytes end too early or hold an encoding that protocol buffers do not know.
 */
export function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const key = Number(readVarint(cursor));
    fields.push({ number: Math.floor(key / 8), value: readValue(cursor, key % 8) });
  }
  return fields;
}

/** The integers of a packed field. */
export function readPacked(bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  const cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) values.push(readVarint(cursor));
  return values;
}

/** A varint as a signed number. Throws RangeError beyond what a number holds exactly. */
export function signed(value: bigint): number {
  const result = Number(BigInt.asIntN(64, value));
  if (!Number.isSafeInteger(result)) throw new RangeError(`protobuf: ${value} is too large`);
  return result;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function readValue(cursor: Cursor, encoding: number): bigint | Uint8Array {
  switch (encoding) {
    case VARINT:
      return readVarint(cursor);
    case FIXED64:
      return take(cursor, 8);
    case BYTES:
      return take(cursor, Number(readVarint(cursor)));
    case FIXED32:
      return take(cursor, 4);
    default:
      throw new RangeError(`protobuf: encoding ${encoding} is unknown`);
  }
}

function take(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.at + length;
  if (end > cursor.bytes.length) throw new RangeError("protobuf: the bytes end inside a field");
  const part = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return part;
}

function readVarint(cursor: Cursor): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw new RangeError("protobuf: the bytes end inside a number");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new RangeError("protobuf: a number is longer than ten bytes");
}

function tag(field: number, encoding: number): Uint8Array {
  return varint(BigInt(field * 8 + encoding));
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  // Negative numbers are written as their 64-bit two's complement.
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

function join(parts: readonly Uint8Array[], size = parts.reduce((total, part) => total + part.length, 0)): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
