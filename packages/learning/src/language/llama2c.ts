import type { Tensor } from "@concord/engine";
import { float32 } from "@concord/engine";
import type { Llama, LlamaSize } from "./llama.ts";

const HEADER_WORDS = 7;
/** 1 GiB of weights: what this loader, which holds them as constants of a program, is meant for. */
const MAX_WEIGHTS = 2 ** 28;

/**
 * Reads a model file of llama2.c (Karpathy), version 0: seven little-endian int32 (width, hidden, layers, heads, key heads,
 * vocabulary, context; a negative vocabulary says that the head has weights of its own), then float32 matrices, each
 * [out, in]. Throws TypeError that says what does not fit.
 */
export function readLlama2c(bytes: Uint8Array): Llama {
  const size = readSize(bytes);
  const { layers, width, hidden, vocabulary, context, tied } = size;
  const depth = width / size.heads;
  const keys = depth * size.keyHeads;
  const square = width * width;
  const perLayer = 2 * width + 2 * square + 2 * width * keys + 3 * width * hidden;
  const expected = vocabulary * width + layers * perLayer + width + context * depth + (tied ? 0 : vocabulary * width);
  if (expected > MAX_WEIGHTS)
    throw new TypeError(`a model of ${expected} weights is too large; at most ${MAX_WEIGHTS}`);
  const found = bytes.length - 4 * HEADER_WORDS;
  if (found !== 4 * expected) {
    throw new TypeError(
      `the header promises ${expected} weights (${4 * expected} bytes), the file holds ${found} bytes`,
    );
  }
  // Copied, because the file may lie at an address that float32 cannot be read from (and a Buffer's own slice does not copy).
  const weights = new Float32Array(new Uint8Array(bytes.subarray(4 * HEADER_WORDS)).buffer);
  const bad = weights.findIndex((weight) => !Number.isFinite(weight));
  if (bad >= 0) throw new TypeError(`weight ${bad} is ${weights[bad]}; weights must be finite`);

  let at = 0;
  const next = (count: number) => {
    at += count;
    return weights.slice(at - count, at);
  };
  const vector = (length: number) => float32([length], next(length));
  const matrix = (out: number, into: number) => transposed(next(out * into), out, into);
  const each = (read: () => Tensor) => Array.from({ length: layers }, read);

  const table = next(vocabulary * width);
  const attentionNorm = each(() => vector(width));
  const query = each(() => matrix(width, width));
  const key = each(() => matrix(keys, width));
  const value = each(() => matrix(keys, width));
  const output = each(() => matrix(width, width));
  const networkNorm = each(() => vector(width));
  const gate = each(() => matrix(hidden, width));
  const down = each(() => matrix(width, hidden));
  const up = each(() => matrix(hidden, width));
  const norm = vector(width);
  // Tables of the rotation follow, which we compute.
  next(context * depth);
  const head = tied ? transposed(table, vocabulary, width) : matrix(vocabulary, width);
  const layer = (of: readonly Tensor[], i: number) => of[i] as Tensor;
  return {
    size: { layers, width, hidden, heads: size.heads, keyHeads: size.keyHeads, vocabulary, context },
    embedding: float32([vocabulary, width], table),
    layers: Array.from({ length: layers }, (_, i) => ({
      attentionNorm: layer(attentionNorm, i),
      query: layer(query, i),
      key: layer(key, i),
      value: layer(value, i),
      output: layer(output, i),
      networkNorm: layer(networkNorm, i),
      gate: layer(gate, i),
      down: layer(down, i),
      up: layer(up, i),
    })),
    norm,
    head,
  };
}

function readSize(bytes: Uint8Array): LlamaSize & { readonly tied: boolean } {
  if (bytes.length < 4 * HEADER_WORDS)
    throw new TypeError(`${bytes.length} bytes are too few for a llama2.c header of 28`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (i: number) => view.getInt32(4 * i, true);
  const field = (name: string, value: number, most: number) => {
    if (value < 1 || value > most) throw new TypeError(`the header says ${value} for ${name}; expected 1 to ${most}`);
    return value;
  };
  const size = {
    width: field("the width", word(0), 65_536),
    hidden: field("the hidden width", word(1), 262_144),
    layers: field("the layers", word(2), 1_024),
    heads: field("the heads", word(3), 1_024),
    keyHeads: field("the key heads", word(4), 1_024),
    vocabulary: field("the vocabulary", Math.abs(word(5)), 1_000_000),
    context: field("the context", word(6), 1_000_000),
    tied: word(5) > 0,
  };
  const { width, heads, keyHeads } = size;
  if (width % heads !== 0 || (width / heads) % 2 !== 0) {
    throw new TypeError(`${heads} heads do not divide a width of ${width} into even parts`);
  }
  if (heads % keyHeads !== 0) throw new TypeError(`${keyHeads} key heads do not divide ${heads} heads`);
  return size;
}

/** [out, in] to [in, out]. */
function transposed(data: Float32Array, out: number, into: number): Tensor {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < out; row++) {
    for (let column = 0; column < into; column++) turned[column * out + row] = data[row * into + column] as number;
  }
  return float32([into, out], turned);
}
