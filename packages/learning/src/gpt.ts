import type { ArrayTree, Key, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { arange, float32, matmul, rng, split } from "@concord/engine";
import { embedding } from "./embedding.ts";
import { gelu } from "./gelu.ts";
import { layerNorm, layerNormInit, layerNormSpecs } from "./layer-norm.ts";
import { linear, linearInit, linearSpecs } from "./linear.ts";
import type { Adapters } from "./lora.ts";
import { adapted } from "./lora.ts";
import { arrayAt, branchAt } from "./paths.ts";
import { softmax } from "./softmax.ts";

export interface GptSize {
  readonly layers: number;
  readonly width: number;
  /** Divides the width. */
  readonly heads: number;
  /** Tokens that the model sees at once. */
  readonly context: number;
  readonly vocabulary: number;
}

/** A language model: pure functions over a named tree of parameters. */
export interface Gpt {
  readonly size: GptSize;
  readonly parameters: Tree<TensorSpec>;
  init(key: Key): Tree<Tensor>;
  /**
   * int32 tokens [batch, time] to logits [batch · time, vocabulary] for the token after each.
   * Adapters, where there are any, stand at the paths of the layers that they change.
   */
  apply(parameters: ArrayTree, tokens: NDArray, adapters?: Adapters): NDArray;
}

/**
 * A decoder-only transformer with normalisation before each block (Radford et al. 2019, GPT-2): token and position
 * embeddings, blocks of causal attention and a GELU network four times as wide, a final normalisation and a linear head.
 * Throws RangeError if the heads do not divide the width.
 */
export function gpt(size: GptSize): Gpt {
  const { layers, width, heads, context, vocabulary } = size;
  if (width % heads !== 0) throw new RangeError(`${heads} heads do not divide a width of ${width}`);
  const blocks = Array.from({ length: layers }, (_, i) => `block${i}`);
  const projections = ["query", "key", "value", "output"];
  const named = <T>(names: readonly string[], make: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [name, make(name)]));
  return {
    size,
    parameters: {
      tokens: { dtype: "float32", shape: [vocabulary, width] },
      positions: { dtype: "float32", shape: [context, width] },
      ...named(blocks, () => ({
        norm1: layerNormSpecs(width),
        ...named(projections, () => linearSpecs(width, width)),
        norm2: layerNormSpecs(width),
        up: linearSpecs(width, 4 * width),
        down: linearSpecs(4 * width, width),
      })),
      norm: layerNormSpecs(width),
      head: linearSpecs(width, vocabulary),
    },
    init: (key) => ({
      tokens: normal(split(key, "tokens"), [vocabulary, width]),
      positions: normal(split(key, "positions"), [context, width]),
      ...named(blocks, (block) => ({
        norm1: layerNormInit(width),
        ...named(projections, (name) => linearInit(split(split(key, block), name), width, width)),
        norm2: layerNormInit(width),
        up: linearInit(split(split(key, block), "up"), width, 4 * width),
        down: linearInit(split(split(key, block), "down"), 4 * width, width),
      })),
      norm: layerNormInit(width),
      head: linearInit(split(key, "head"), width, vocabulary),
    }),
    apply(parameters, tokens, adapters) {
      const [batch = 0, time = 0] = tokens.shape;
      const table = arrayAt(parameters, "positions");
      const positions = time === context ? table : embedding(table, arange(time));
      const embedded = embedding(arrayAt(parameters, "tokens"), tokens.reshape([batch * time]));
      const first = embedded
        .reshape([batch, time, width])
        .add(positions)
        .reshape([batch * time, width]);
      const last = blocks.reduce((x, name) => {
        const block = branchAt(parameters, name);
        const project = (layer: string, input: NDArray) =>
          adapted(adapters, `${name}.${layer}`, input, linear(branchAt(block, layer), input));
        const normal1 = layerNorm(branchAt(block, "norm1"), x);
        const attended = attention(
          { query: project("query", normal1), key: project("key", normal1), value: project("value", normal1) },
          { batch, time, heads },
        );
        const middle = x.add(project("output", attended));
        const wide = gelu(project("up", layerNorm(branchAt(block, "norm2"), middle)));
        return middle.add(project("down", wide));
      }, first);
      return linear(branchAt(parameters, "head"), layerNorm(branchAt(parameters, "norm"), last));
    },
  };
}

/** Causal attention over [batch · time, width]: no token sees a later one (Vaswani et al. 2017, arXiv:1706.03762). */
function attention(
  { query, key, value }: Readonly<Record<"query" | "key" | "value", NDArray>>,
  { batch, time, heads }: { batch: number; time: number; heads: number },
): NDArray {
  const [, width = 0] = query.shape;
  const depth = width / heads;
  const apart = (x: NDArray) => x.reshape([batch, time, heads, depth]);
  const q = apart(query).transpose([0, 2, 1, 3]);
  const scores = matmul(q, apart(key).transpose([0, 2, 3, 1])).mul(1 / Math.sqrt(depth));
  const steps = arange(time);
  const later = steps.reshape([time, 1]).less(steps);
  const weights = softmax(scores.add(later.astype("float32").mul(MASKED)));
  const mixed = matmul(weights, apart(value).transpose([0, 2, 1, 3]));
  return mixed.transpose([0, 2, 1, 3]).reshape([batch * time, width]);
}

/** Normal with standard deviation 0.02, as GPT-2 starts its embeddings. */
function normal(key: Key, shape: readonly number[]): Tensor {
  const random = rng(key);
  const size = shape.reduce((n, axis) => n * axis, 1);
  return float32(
    shape,
    Float32Array.from({ length: size }, () => 0.02 * random.normal()),
  );
}

/**
 * What is added to a masked score: its exponential becomes zero, and unlike −∞ it stays finite in the derivative of the
 * softmax. An addition passes its gradient on as it is, where a choice would need another pass.
 */
const MASKED = -1e9;
