import type { ArrayTree, Key, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { float32, matmul, rng, split, tanh, zeros } from "@concord/engine";
import { groupNormInit, groupNormSpecs } from "../group-norm.ts";
import { layerNorm } from "../layer-norm.ts";
import type { Model } from "../model.ts";
import { arrayAt, branchAt } from "../paths.ts";

/** Widths of an autoencoder for N items: N-h-c in the encoder, c-h-N in the decoder. */
export interface AutoencoderShape {
  /** N. */
  readonly items: number;
  /** h: 256 as published. */
  readonly hidden: number;
  /** c: 128 as published. */
  readonly code: number;
}

/**
 * The encoder E of a user-based autoencoder (Le et al. 2022, arXiv:2212.08779; the published code's `ae.py`):
 * Linear(N, h) – GroupNorm(1, h) – tanh – Linear(h, c) – GroupNorm(1, c) – tanh.
 *
 * `items.weight` [N, h] has one row for each item, so that a party may hold the rows of its own items alone.
 */
export function encoderSpecs({ items, hidden, code }: AutoencoderShape): Tree<TensorSpec> {
  return {
    items: matrix(items, hidden),
    first: { bias: vector(hidden), norm: groupNormSpecs(hidden) },
    second: { weight: matrix(hidden, code).weight, bias: vector(code), norm: groupNormSpecs(code) },
  };
}

/**
 * The decoder D: Linear(c, h) – GroupNorm(1, h) – tanh – Linear(h, N), without an activation at the end.
 * `items.weight` [N, h] and `items.bias` [N] have one row for each item.
 */
export function decoderSpecs({ items, hidden, code }: AutoencoderShape): Tree<TensorSpec> {
  return {
    first: { weight: matrix(code, hidden).weight, bias: vector(hidden), norm: groupNormSpecs(hidden) },
    items: { ...matrix(items, hidden), bias: vector(items) },
  };
}

/** Fresh encoder: Xavier-uniform weights (Glorot and Bengio 2010, eq. 16), zero biases. */
export function encoderInit(shape: AutoencoderShape, key: Key): Tree<Tensor> {
  return activeEncoderInit(shape, key, every(shape.items));
}

/** The fresh encoder of a party that holds only the rows of the given items: bit by bit those of `encoderInit`. */
export function activeEncoderInit(
  { items, hidden, code }: AutoencoderShape,
  key: Key,
  active: ArrayLike<number>,
): Tree<Tensor> {
  return {
    items: { weight: itemRowsInit(key, active, { fanIn: items, width: hidden }) },
    first: { bias: zeros("float32", [hidden]), norm: groupNormInit(hidden) },
    second: {
      weight: xavier(split(key, "second"), hidden, code),
      bias: zeros("float32", [code]),
      norm: groupNormInit(code),
    },
  };
}

/** Fresh decoder: Xavier-uniform weights, zero biases. */
export function decoderInit({ items, hidden, code }: AutoencoderShape, key: Key): Tree<Tensor> {
  return {
    first: {
      weight: xavier(split(key, "first"), code, hidden),
      bias: zeros("float32", [hidden]),
      norm: groupNormInit(hidden),
    },
    items: {
      weight: itemRowsInit(key, every(items), { fanIn: items, width: hidden }),
      bias: zeros("float32", [items]),
    },
  };
}

/** x [users, n] to codes [users, c], where n items have rows in `encoder.items`. */
export function encode(encoder: ArrayTree, x: NDArray): NDArray {
  const hidden = normalTanh(branchAt(encoder, "first"), matmul(x, arrayAt(encoder, "items.weight")));
  return normalTanh(branchAt(encoder, "second"), matmul(hidden, arrayAt(encoder, "second.weight")));
}

/** Codes [users, c] to predictions [users, n], where n items have rows in `decoder.items`. */
export function decode(decoder: ArrayTree, code: NDArray): NDArray {
  const hidden = normalTanh(branchAt(decoder, "first"), matmul(code, arrayAt(decoder, "first.weight")));
  return matmul(hidden, arrayAt(decoder, "items.weight").transpose()).add(arrayAt(decoder, "items.bias"));
}

/** Encoder and decoder as one model on dense rows: `encoder.…` and `decoder.…`. */
export function autoencoder(shape: AutoencoderShape): Model {
  const { items, hidden, code } = shape;
  return {
    name: `autoencoder ${items}-${hidden}-${code}-${hidden}-${items}`,
    parameters: { encoder: encoderSpecs(shape), decoder: decoderSpecs(shape) },
    init: (key) => ({
      encoder: encoderInit(shape, split(key, "encoder")),
      decoder: decoderInit(shape, split(key, "decoder")),
    }),
    apply: (parameters, x) => decode(branchAt(parameters, "decoder"), encode(branchAt(parameters, "encoder"), x)),
  };
}

/** tanh(GroupNorm(1, C)(x + b)); normalising a vector as one group is layer normalisation, whose derivative is shorter. */
function normalTanh(layer: ArrayTree, x: NDArray): NDArray {
  return tanh(layerNorm(branchAt(layer, "norm"), x.add(arrayAt(layer, "bias"))));
}

/** The rows of some items, each a function of the key and the item alone. */
function itemRowsInit(
  key: Key,
  items: ArrayLike<number>,
  { fanIn, width }: { readonly fanIn: number; readonly width: number },
): Tensor {
  const bound = Math.sqrt(6 / (fanIn + width));
  const rows = new Float32Array(items.length * width);
  for (let i = 0; i < items.length; i++) {
    const random = rng(split(key, "item", items[i] as number));
    for (let j = 0; j < width; j++) rows[i * width + j] = bound * (2 * random.uniform() - 1);
  }
  return float32([items.length, width], rows);
}

function xavier(key: Key, inputs: number, outputs: number): Tensor {
  return itemRowsInit(key, every(inputs), { fanIn: inputs, width: outputs });
}

function every(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}

function matrix(rows: number, columns: number): { readonly weight: TensorSpec } {
  return { weight: { dtype: "float32", shape: [rows, columns] } };
}

function vector(length: number): TensorSpec {
  return { dtype: "float32", shape: [length] };
}
