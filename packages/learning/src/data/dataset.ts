import type { Key, TensorOf } from "@concord/engine";
import { permutation, rng, sizeOf, tensor } from "@concord/engine";
import type { RatingsDataset } from "../recommend/ratings.ts";
import { denseRatings, subsetOfUsers } from "../recommend/ratings.ts";

/**
 * Labelled examples.
 *
 * Inputs stay in the form in which they take least room (`Inputs`); `gather` turns the rows of a batch into float32.
 * A data set is immutable and shared freely.
 */
export interface Dataset {
  readonly kind?: "labelled";
  readonly name: string;
  /** Number of examples, n. */
  readonly size: number;
  /** Shape of one input, without the axis of the examples. */
  readonly inputShape: readonly number[];
  readonly inputs: Inputs;
  /** Class labels 0 … classes − 1 (int32), or targets of a regression (float32); shape [n]. */
  readonly y: Targets;
  /** Number of classes; 0 for a regression. */
  readonly classes: number;
  /** Names of the classes in the order of their labels. */
  readonly classNames?: readonly string[];
  /** The natural group of each example (its hospital, its writer), 0 … groupNames.length − 1; shape [n]. */
  readonly groups?: Int32Array<ArrayBuffer>;
  readonly groupNames?: readonly string[];
  /** True if the examples were made by a program, not observed. */
  readonly generated: boolean;
}

/** What a party brings to a federation: labelled examples, or the ratings of its users. */
export type Examples = Dataset | RatingsDataset;

/** Examples that count in a measurement: labelled ones, or the ratings that predictions are compared with. */
export function exampleCount(examples: Examples): number {
  return examples.kind === "ratings" ? examples.targets.items.length : examples.size;
}

export type Targets = TensorOf<"int32"> | TensorOf<"float32">;

/**
 * The inputs of n examples in row-major order.
 *
 * `bytes` holds one byte for each element and reads element e as byte · scale[c] + shift[c], where c is the channel:
 * the position on the last axis modulo `scale.length`. One scale serves all channels.
 */
export type Inputs =
  | { readonly kind: "float32"; readonly data: Float32Array<ArrayBuffer> }
  | {
      readonly kind: "bytes";
      readonly data: Uint8Array<ArrayBuffer>;
      readonly scale: readonly number[];
      readonly shift: readonly number[];
    };

/** What a local step consumes: x is [b, ...inputShape], y is [b]. */
export interface Batch {
  readonly x: TensorOf<"float32">;
  readonly y: Targets;
}

/** A data set after its parts have been checked against each other. Throws RangeError that names the part at fault. */
export function dataset(parts: Omit<Dataset, "size">): Dataset {
  const { name, inputShape, inputs, y, classes } = parts;
  const size = y.data.length;
  const complain = (what: string) => new RangeError(`data set "${name}": ${what}`);

  if (y.shape.length !== 1) throw complain(`targets must have shape [n], got [${y.shape}]`);
  const expected = size * sizeOf(inputShape);
  if (inputs.data.length !== expected) {
    throw complain(`${size} inputs of shape [${inputShape}] need ${expected} elements, got ${inputs.data.length}`);
  }
  if (inputs.kind === "bytes") {
    const channels = inputs.scale.length;
    if (channels === 0 || inputs.shift.length !== channels || (inputShape.at(-1) ?? 1) % channels !== 0) {
      throw complain(`${channels} scales and ${inputs.shift.length} shifts do not fit inputs of shape [${inputShape}]`);
    }
  }
  if (classes > 0 && y.dtype !== "int32") throw complain(`class labels must be int32, got ${y.dtype}`);
  if (y.dtype === "int32") {
    const stray = y.data.findIndex((label) => label < 0 || label >= classes);
    if (stray >= 0) throw complain(`label ${y.data[stray]} of example ${stray} is none of 0 … ${classes - 1}`);
  }
  if (parts.classNames && parts.classNames.length !== classes) {
    throw complain(`${classes} classes but ${parts.classNames.length} class names`);
  }
  if (parts.groups && parts.groups.length !== size)
    throw complain(`${size} examples but ${parts.groups.length} groups`);
  if (parts.groups && parts.groupNames) {
    const count = parts.groupNames.length;
    const stray = parts.groups.findIndex((group) => group < 0 || group >= count);
    if (stray >= 0) throw complain(`group ${parts.groups[stray]} of example ${stray} is none of 0 … ${count - 1}`);
  }
  return { ...parts, size };
}

/**
 * The scale and shift that read bytes 0 … 255 as (byte / 255 − mean) / deviation, channel by channel.
 * `normalised([0], [1])` reads them as 0 … 1.
 */
export function normalised(
  mean: readonly number[],
  deviation: readonly number[],
): { scale: number[]; shift: number[] } {
  return {
    scale: deviation.map((d) => 1 / (255 * d)),
    shift: mean.map((m, c) => -m / (deviation[c] ?? Number.NaN)),
  };
}

/** The examples at the given rows, in that order and as often as they are named. Throws RangeError for a row that is not there. */
export function gather(from: Examples, rows: ArrayLike<number>): Batch {
  if (from.kind === "ratings") return denseRatings(from, rows);
  checkRows(from, rows);
  const width = sizeOf(from.inputShape);
  const x = new Float32Array(rows.length * width);
  if (from.inputs.kind === "float32") copyRows(from.inputs.data, rows, width, x);
  else readBytes(from.inputs, rows, width, x);
  return { x: tensor("float32", [rows.length, ...from.inputShape], x), y: takeTargets(from.y, rows) };
}

/** All examples as one batch. */
export function gatherAll(from: Dataset): Batch {
  return gather(from, everyRow(from));
}

/** A data set of the given rows, in that order; it shares nothing with its origin, so it can be sent to a worker alone. */
export function subset<E extends Examples>(of: E, rows: ArrayLike<number>): E;
export function subset(of: Examples, rows: ArrayLike<number>): Examples {
  if (of.kind === "ratings") return subsetOfUsers(of, rows);
  checkRows(of, rows);
  const width = sizeOf(of.inputShape);
  const { inputs, groups } = of;
  const taken: Inputs =
    inputs.kind === "float32"
      ? { kind: "float32", data: copyRows(inputs.data, rows, width, new Float32Array(rows.length * width)) }
      : { ...inputs, data: copyRows(inputs.data, rows, width, new Uint8Array(rows.length * width)) };
  return {
    ...of,
    size: rows.length,
    inputs: taken,
    y: takeTargets(of.y, rows),
    ...(groups && { groups: copyRows(groups, rows, 1, new Int32Array(rows.length)) }),
  };
}

/**
 * Splits a data set at random into a part to train on and a part held out of it, a function of (data set, key) alone.
 * `fraction` of the examples is held out, rounded, but at least one, and at least one stays to train on.
 * Throws RangeError unless 0 < fraction < 1 and there are two examples or more.
 */
export function holdOut(
  of: Dataset,
  key: Key,
  fraction: number,
): { readonly train: Dataset; readonly heldOut: Dataset } {
  const { train, heldOut } = holdOutRows(of.size, key, fraction);
  return { train: subset(of, train), heldOut: subset(of, heldOut) };
}

/** The rows that `holdOut` puts in each part, ascending. */
export function holdOutRows(
  size: number,
  key: Key,
  fraction: number,
): { readonly train: Int32Array<ArrayBuffer>; readonly heldOut: Int32Array<ArrayBuffer> } {
  if (!(fraction > 0 && fraction < 1))
    throw new RangeError(`a held-out fraction lies between 0 and 1, got ${fraction}`);
  if (size < 2) throw new RangeError(`${size} example(s) cannot be split into two parts`);
  const held = Math.min(size - 1, Math.max(1, Math.round(size * fraction)));
  const order = permutation(rng(key), size);
  return { heldOut: order.slice(0, held).sort(), train: order.slice(held).sort() };
}

/** How many examples each class has: [classes]. Throws TypeError for a regression, which has no classes. */
export function labelHistogram(of: Dataset): Int32Array<ArrayBuffer> {
  if (of.classes === 0) throw new TypeError(`data set "${of.name}" has targets, not class labels`);
  const counts = new Int32Array(of.classes);
  for (const label of of.y.data) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function everyRow(of: Dataset): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: of.size }, (_, i) => i);
}

function checkRows(of: Dataset, rows: ArrayLike<number>): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (!(Number.isInteger(row) && row >= 0 && row < of.size)) {
      throw new RangeError(`data set "${of.name}" has rows 0 … ${of.size - 1}, not ${row}`);
    }
  }
}

type Elements = Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

function copyRows<A extends Elements>(from: A, rows: ArrayLike<number>, width: number, into: A): A {
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * width;
    if (width === 1) into[i] = from[start] as number;
    else into.set(from.subarray(start, start + width), i * width);
  }
  return into;
}

function takeTargets(y: Targets, rows: ArrayLike<number>): Targets {
  return y.dtype === "int32"
    ? tensor("int32", [rows.length], copyRows(y.data, rows, 1, new Int32Array(rows.length)))
    : tensor("float32", [rows.length], copyRows(y.data, rows, 1, new Float32Array(rows.length)));
}

function readBytes(
  { data, scale, shift }: Extract<Inputs, { kind: "bytes" }>,
  rows: ArrayLike<number>,
  width: number,
  into: Float32Array,
): void {
  const channels = scale.length;
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * width;
    const target = i * width;
    for (let c = 0; c < channels; c++) {
      const factor = scale[c] as number;
      const offset = shift[c] as number;
      for (let e = c; e < width; e += channels) into[target + e] = (data[start + e] as number) * factor + offset;
    }
  }
}
