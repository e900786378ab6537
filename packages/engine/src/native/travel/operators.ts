import { MICROSOFT } from "../onnx/model.ts";

/** What a foreign program may use of an operator. */
export interface Allowance {
  readonly domain: string;
  readonly attributes: readonly string[];
  /** Inputs that say shapes, axes and bounds: they must be constants, so that limits can be checked before a run. */
  readonly constantInputs: readonly number[];
}

const plain = (...attributes: string[]): Allowance => ({ domain: "", attributes, constantInputs: [] });
const shaped = (constantInputs: readonly number[], ...attributes: string[]): Allowance => ({
  domain: "",
  attributes,
  constantInputs,
});

/** The operators that our own lowering writes, and no others; none reads a file, a clock or random numbers. */
export const ALLOWED: Readonly<Record<string, Allowance>> = {
  Add: plain(),
  And: plain(),
  Asin: plain(),
  Atan: plain(),
  Cast: plain("to"),
  Ceil: plain(),
  Concat: plain("axis"),
  Conv: plain("group", "kernel_shape", "strides", "dilations", "pads"),
  ConvTranspose: plain("group", "kernel_shape", "strides", "dilations", "pads"),
  Cos: plain(),
  AveragePool: plain("kernel_shape", "strides"),
  Div: plain(),
  Equal: plain(),
  Erf: plain(),
  Exp: plain(),
  Expand: shaped([1]),
  Floor: plain(),
  FusedMatMul: { domain: MICROSOFT, attributes: ["transA", "transB"], constantInputs: [] },
  Gather: plain("axis"),
  Gemm: plain("transA", "transB", "alpha"),
  Identity: plain(),
  Less: plain(),
  LessOrEqual: plain(),
  Log: plain(),
  MatMul: plain(),
  Max: plain(),
  MaxPool: plain("kernel_shape", "strides"),
  Min: plain(),
  Mod: plain("fmod"),
  Mul: plain(),
  Neg: plain(),
  Not: plain(),
  Or: plain(),
  Pad: shaped([1]),
  Reciprocal: plain(),
  ReduceMax: shaped([1], "keepdims"),
  ReduceMin: shaped([1], "keepdims"),
  ReduceProd: shaped([1], "keepdims"),
  ReduceSum: shaped([1], "keepdims"),
  ReduceSumSquare: shaped([1], "keepdims"),
  Reshape: shaped([1]),
  Resize: shaped([3], "mode", "nearest_mode", "coordinate_transformation_mode"),
  ScatterND: plain("reduction"),
  Sin: plain(),
  Slice: shaped([1, 2, 3, 4]),
  Softmax: plain("axis"),
  Sqrt: plain(),
  Sub: plain(),
  Transpose: plain("perm"),
  Where: plain(),
};
