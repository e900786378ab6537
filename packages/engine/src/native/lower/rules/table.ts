import { int } from "../graph.ts";
import { conv } from "./conv.ts";
import { dot } from "./dot.ts";
import {
  add,
  binary,
  castRule,
  compare,
  identity,
  integerDivision,
  mul,
  neg,
  rounding,
  unary,
  where,
} from "./elementwise.ts";
import { gather, scatter } from "./gather.ts";
import { pool, poolTranspose } from "./pool.ts";
import { reduce } from "./reduce.ts";
import type { Rule } from "./rule.ts";
import { broadcast, concatenate, flip, pad, reshape, shrink, split, transpose } from "./shape.ts";

/**
 * Every primitive of jax-js that can be lowered, and the ONNX operator that it becomes.
 *
 * Not here, because nothing in the house uses them yet: random_bits (random numbers are inputs), sort, argsort, erfc, bit
 * operations, fft and linear algebra. A program with one of them runs on the portable back end.
 */
export const RULES: Readonly<Record<string, Rule>> = {
  // bookkeeping on views
  reshape,
  transpose,
  broadcast,
  stop_gradient: identity,

  // one operator for each element
  add, // Add, Or
  mul, // Mul, And
  neg, // Neg
  idiv: integerDivision, // Div
  mod: binary("Mod", { attributes: { fmod: int(1) } }),
  min: binary("Min", { onBool: "And" }),
  max: binary("Max", { onBool: "Or" }),
  reciprocal: unary("Reciprocal"),
  floor: rounding("Floor"),
  ceil: rounding("Ceil"),
  sin: unary("Sin"),
  cos: unary("Cos"),
  asin: unary("Asin"),
  atan: unary("Atan"),
  exp: unary("Exp"),
  log: unary("Log"),
  erf: unary("Erf"),
  sqrt: unary("Sqrt"),
  compare, // Less, LessOrEqual, Equal, Not
  where, // Where
  cast: castRule, // Cast

  // sums and products
  reduce, // ReduceSum, ReduceProd, ReduceMax, ReduceMin
  dot, // Gemm, FusedMatMul, MatMul
  conv, // Conv

  // parts and wholes
  concatenate, // Concat
  split, // Slice
  shrink, // Slice
  flip, // Slice
  pad, // Pad
  pool, // bookkeeping; Slice and Concat where windows overlap
  pool_transpose: poolTranspose, // bookkeeping; Pad and Add where windows overlap
  gather, // Gather
  scatter, // ScatterND
};
