import type { ArrayTree, Definition, NDArray, Tensor, Tree } from "@concord/engine";
import {
  broadcastTo,
  concatenate,
  constant,
  exp,
  matmul,
  max,
  maximum,
  mean,
  sigmoid,
  sqrt,
  square,
  sum,
  take,
} from "@concord/engine";
import { arrayAt, branchAt } from "../paths.ts";

/** The sizes of a language model of the Llama architecture. */
export interface LlamaSize {
  readonly layers: number;
  readonly width: number;
  /** Width of the network in each block. */
  readonly hidden: number;
  /** Divides the width. */
  readonly heads: number;
  /** Heads of keys and values; divides `heads`, and each serves as many query heads (grouped-query attention). */
  readonly keyHeads: number;
  readonly vocabulary: number;
  /** Tokens that the model was trained to see at once. */
  readonly context: number;
}

/** One layer; matrices are [in, out], so that a row of activations is multiplied from the left. */
export interface LlamaLayer {
  readonly attentionNorm: Tensor;
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly output: Tensor;
  readonly networkNorm: Tensor;
  readonly gate: Tensor;
  readonly down: Tensor;
  readonly up: Tensor;
}

export interface Llama {
  readonly size: LlamaSize;
  /** [vocabulary, width]. */
  readonly embedding: Tensor;
  readonly layers: readonly LlamaLayer[];
  readonly norm: Tensor;
  /** [width, vocabulary]. */
  readonly head: Tensor;
}

/** Width of one head. */
export function headWidth({ width, heads }: LlamaSize): number {
  return width / heads;
}

/**
 * The model's next token for a batch of texts of equal length, given the keys and values of what they have read
 * (Touvron et al. 2023, arXiv:2302.13971: RMS normalisation, rotary positions, a SwiGLU network; grouped-query attention
 * as in Ainslie et al. 2023, arXiv:2305.13245).
 *
 * Inputs: `token` int32 [batch]; `cosine` and `sine` float32 [head], the rotation at this position; `mask` float32
 * [room], 0 where the cache holds a token and −1e9 elsewhere; `cache.layer<i>.keys` and `.values` float32
 * [batch, keyHeads, room, head]. Outputs: `logits` [batch, vocabulary] and `rows` [2 · layers, batch, keyHeads, head], the
 * keys and values of this token, layer by layer, which the caller writes into its cache.
 *
 * The weights are constants of the program, so that a back end may pack them once.
 */
export function llamaStep(llama: Llama, batch: number, room: number): Definition {
  const { size } = llama;
  const { width, keyHeads, heads } = size;
  const depth = headWidth(size);
  const group = heads / keyHeads;
  const held = { dtype: "float32", shape: [batch, keyHeads, room, depth] } as const;
  return {
    name: `llama of ${size.layers} layers: next token of ${batch}, room for ${room}`,
    inputs: {
      token: { dtype: "int32", shape: [batch] },
      cosine: { dtype: "float32", shape: [depth] },
      sine: { dtype: "float32", shape: [depth] },
      mask: { dtype: "float32", shape: [room] },
      cache: Object.fromEntries(llama.layers.map((_, i) => [`layer${i}`, { keys: held, values: held }])),
    },
    apply(inputs) {
      const mask = arrayAt(inputs, "mask");
      const rotate = rotation(arrayAt(inputs, "cosine"), arrayAt(inputs, "sine"));
      const rows: NDArray[] = [];
      const last = llama.layers.reduce(
        (x, layer, i) => {
          const cache = branchAt(branchAt(inputs, "cache"), `layer${i}`);
          const normal = rmsNorm(x, layer.attentionNorm);
          const query = rotate(matmul(normal, constant(layer.query)).reshape([batch, keyHeads, group, depth]));
          const key = rotate(matmul(normal, constant(layer.key)).reshape([batch, keyHeads, 1, depth]));
          const value = matmul(normal, constant(layer.value)).reshape([batch, keyHeads, 1, depth]);
          rows.push(key.reshape([1, batch, keyHeads, depth]), value.reshape([1, batch, keyHeads, depth]));
          const mixed = attend({ query, key, value }, cache, mask).reshape([batch, width]);
          const middle = x.add(matmul(mixed, constant(layer.output)));
          return middle.add(swiglu(rmsNorm(middle, layer.networkNorm), layer));
        },
        take(constant(llama.embedding), arrayAt(inputs, "token")),
      );
      return {
        logits: matmul(rmsNorm(last, llama.norm), constant(llama.head)),
        rows: concatenate(rows),
      };
    },
  };
}

/** cos and sin of position · 10000^(−2i/head) for the i-th pair of neighbouring entries (Su et al. 2021, RoPE). */
export function rotationAt(
  position: number,
  depth: number,
): { readonly cosine: Float32Array<ArrayBuffer>; readonly sine: Float32Array<ArrayBuffer> } {
  const cosine = new Float32Array(depth);
  const sine = new Float32Array(depth);
  for (let i = 0; i < depth; i++) {
    const angle = position / 10_000 ** ((i - (i % 2)) / depth);
    cosine[i] = Math.cos(angle);
    sine[i] = Math.sin(angle);
  }
  return { cosine, sine };
}

/** Turns neighbouring pairs (a, b) into (a cos − b sin, a sin + b cos): x cos + x J sin, where J swaps them with a sign. */
function rotation(cosine: NDArray, sine: NDArray): (x: NDArray) => NDArray {
  const [depth = 0] = cosine.shape;
  const swap = new Float32Array(depth * depth);
  for (let i = 0; i < depth; i += 2) {
    swap[(i + 1) * depth + i] = -1;
    swap[i * depth + i + 1] = 1;
  }
  const J = constant({ dtype: "float32", shape: [depth, depth], data: swap });
  return (x) => {
    const turned = matmul(x.reshape([x.size / depth, depth]), J).reshape(x.shape);
    return x.mul(cosine).add(turned.mul(sine));
  };
}

/** Attention of one new token to the cache and to itself, [batch, keyHeads, group, head]. */
function attend(
  { query, key, value }: Readonly<Record<"query" | "key" | "value", NDArray>>,
  cache: ArrayTree,
  mask: NDArray,
): NDArray {
  const [, , , depth = 0] = query.shape;
  const scaled = query.mul(1 / Math.sqrt(depth));
  const past = matmul(scaled, arrayAt(cache, "keys").transpose([0, 1, 3, 2])).add(mask);
  const own = sum(scaled.mul(key), { axis: 3, keepdims: true });
  const top = maximum(max(past, { axis: 3, keepdims: true }), own);
  const pastWeights = exp(past.sub(top));
  const ownWeight = exp(own.sub(top));
  const total = sum(pastWeights, { axis: 3, keepdims: true }).add(ownWeight);
  const mixed = matmul(pastWeights, arrayAt(cache, "values")).add(ownWeight.mul(value));
  return mixed.div(broadcastTo(total, mixed.shape));
}

/** x / √(mean(x²) + 1e-5), scaled (Zhang and Sennrich 2019). */
function rmsNorm(x: NDArray, scale: Tensor): NDArray {
  return x.div(sqrt(mean(square(x), { axis: 1, keepdims: true }).add(1e-5))).mul(constant(scale));
}

/** (silu(x·gate) ⊙ x·up)·down (Shazeer 2020). */
function swiglu(x: NDArray, { gate, up, down }: LlamaLayer): NDArray {
  const opened = matmul(x, constant(gate));
  return matmul(opened.mul(sigmoid(opened)).mul(matmul(x, constant(up))), constant(down));
}

/** All weights as one named tree, for storing and hashing. */
export function llamaTree({ embedding, layers, norm, head }: Llama): Tree<Tensor> {
  return { embedding, norm, head, ...Object.fromEntries(layers.map((layer, i) => [`layer${i}`, { ...layer }])) };
}
