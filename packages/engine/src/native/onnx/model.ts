import type { DType } from "../../tensor.ts";

/**
 * The part of ONNX (onnx.proto, IR version 9) that our programs need, as plain data. Field names follow the standard.
 * What has no field here (external data, functions, training information, sparse and string tensors) cannot be said.
 */
export interface Model {
  readonly irVersion: number;
  readonly producerName: string;
  readonly opsets: readonly Opset[];
  readonly graph: Graph;
  /** Free text by key; the manifest of an exported program travels here. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Opset {
  /** `""` is the standard's own domain. */
  readonly domain: string;
  readonly version: number;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Constant[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export type Attributes = Readonly<Record<string, Attribute>>;

export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "graph"; readonly value: Graph };

export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  /** A name stands for a size that is known when the program runs: the steps of a chunk. */
  readonly shape: readonly (number | string)[];
}

/** A constant of the graph: raw little-endian bytes. */
export interface Constant {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

/** The dtypes of the house, and int64, which ONNX wants for shapes and axes. */
export type ElementType = DType | "int64";

/** TensorProto.DataType */
export const TYPE_CODES: Readonly<Record<ElementType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  float32: 4,
  int32: 4,
  int64: 8,
  bool: 1,
  float64: 8,
};

export const IR_VERSION = 9;
/** Reductions take their axes as an input from 18 on; 20 is what both runtimes implement in full. */
export const OPSET = 20;
/** FusedMatMul, the one operator that we take from outside the standard. */
export const MICROSOFT = "com.microsoft";
