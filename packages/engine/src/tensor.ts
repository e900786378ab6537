/** The element types of a host tensor, named as jax-js and NumPy name them. */
export const DTYPES = ["float32", "float64", "int32", "bool"] as const;
export type DType = (typeof DTYPES)[number];

/** The typed array that holds the elements of each dtype. A bool is one byte, 0 or 1. */
export interface DataOf {
  readonly float32: Float32Array<ArrayBuffer>;
  readonly float64: Float64Array<ArrayBuffer>;
  readonly int32: Int32Array<ArrayBuffer>;
  readonly bool: Uint8Array<ArrayBuffer>;
}

export interface TensorOf<D extends DType> {
  readonly dtype: D;
  /** Sizes of the axes, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Elements in row-major order, `sizeOf(shape)` of them. */
  readonly data: DataOf[D];
}

/**
 * A tensor on the host: what the rest of the house passes around, stores and sends.
 * Whoever receives one treats it as immutable.
 */
export type Tensor = { [D in DType]: TensorOf<D> }[DType];

/** The shape and dtype of a tensor without its elements. */
export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

const BYTES: Readonly<Record<DType, number>> = { float32: 4, float64: 8, int32: 4, bool: 1 };

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return BYTES[dtype];
}

/** Number of elements of a shape; 1 for a scalar. Throws RangeError if an axis is not a whole number ≥ 0. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const axis of shape) {
    if (!Number.isSafeInteger(axis) || axis < 0) throw new RangeError(`shape [${shape}]: ${axis} is no axis size`);
    size *= axis;
  }
  if (!Number.isSafeInteger(size)) throw new RangeError(`shape [${shape}] has too many elements`);
  return size;
}

/** Bytes of the elements of a tensor: what the paper formulas call its size. */
export function payloadBytes(spec: TensorSpec): number {
  return sizeOf(spec.shape) * BYTES[spec.dtype];
}

/** A tensor over the given elements, which it takes over. Throws RangeError where the count does not fit the shape. */
export function tensor<D extends DType>(dtype: D, shape: readonly number[], data: DataOf[D]): TensorOf<D> {
  const size = sizeOf(shape);
  if (data.length !== size) {
    throw new RangeError(`shape [${shape}] needs ${size} elements, got ${data.length}`);
  }
  return { dtype, shape: [...shape], data };
}

/** A float32 tensor from numbers, rounded to float32. */
export function float32(shape: readonly number[], values: Iterable<number>): TensorOf<"float32"> {
  return tensor("float32", shape, new Float32Array(values));
}

/** An int32 tensor from numbers. */
export function int32(shape: readonly number[], values: Iterable<number>): TensorOf<"int32"> {
  return tensor("int32", shape, new Int32Array(values));
}

/** A float32 scalar. */
export function scalar(value: number): TensorOf<"float32"> {
  return float32([], [value]);
}

/** A tensor of zeros (false for bool). */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): TensorOf<D> {
  return tensor(dtype, shape, allocate(dtype, sizeOf(shape)));
}

/** An uninitialised (zero) data array of a dtype. */
export function allocate<D extends DType>(dtype: D, size: number): DataOf[D] {
  const make: { [K in DType]: () => DataOf[K] } = {
    float32: () => new Float32Array(size),
    float64: () => new Float64Array(size),
    int32: () => new Int32Array(size),
    bool: () => new Uint8Array(size),
  };
  return make[dtype]();
}

/** Shape and dtype of a tensor. */
export function specOf(t: Tensor): TensorSpec {
  return { dtype: t.dtype, shape: t.shape };
}

/** True if dtype and shape agree. */
export function sameSpec(a: TensorSpec, b: TensorSpec): boolean {
  return a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((n, i) => n === b.shape[i]);
}

/** `float32[10, 784]`: a spec as messages and logs show it. */
export function showSpec(spec: TensorSpec): string {
  return `${spec.dtype}[${spec.shape.join(", ")}]`;
}

/** Index of the first element that is NaN or infinite, or -1. Always -1 for int32 and bool. */
export function firstNonFinite(t: Tensor): number {
  if (t.dtype === "int32" || t.dtype === "bool") return -1;
  const { data } = t;
  // 0 · x is NaN for these values alone. One sum over all is many times faster than a question for each.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += 0 * (data[i] as number);
  return Number.isNaN(sum) ? data.findIndex((value: number) => !Number.isFinite(value)) : -1;
}
