import type { Key, Tensor } from "@concord/engine";
import {
  checkTree,
  decodeSafetensors,
  encodeSafetensors,
  firstNonFinite,
  flatten,
  float32,
  permutation,
  rng,
  split,
} from "@concord/engine";
import { words } from "./words.ts";

/** Says how much a text belongs to the second of two classes, from the words and pairs of words in it. */
export interface TextClassifier {
  /** Float32 [features]: words and pairs of neighbours are hashed into so many features. */
  readonly weight: Tensor;
  /** Float32 []. */
  readonly bias: Tensor;
}

export interface LabelledText {
  readonly text: string;
  /** 0 or 1. */
  readonly label: number;
}

export interface TextTraining {
  readonly features: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** L2 penalty on the weights, applied where a text touches them. */
  readonly penalty: number;
  /** Fixes the order of the texts. */
  readonly key: Key;
  /** Told the mean loss of each epoch, from 1, in nats. */
  readonly onEpoch?: ((epoch: number, loss: number) => void) | undefined;
}

const FORMAT = "concord text classifier 1";

/**
 * Logistic regression on hashed words and pairs of neighbouring words (the hashing trick: Weinberger et al. 2009,
 * arXiv:0902.2206; pairs for sentiment: Wang and Manning 2012), one text at a time by AdaGrad (Duchi, Hazan and Singer
 * 2011). A text touches a few dozen of the weights, so the steps are taken on those alone and not in a program on arrays.
 * Throws RangeError for no examples, or a label that is neither 0 nor 1.
 */
export function trainTextClassifier(examples: readonly LabelledText[], training: TextTraining): TextClassifier {
  const { features, epochs, learningRate, penalty, key, onEpoch } = training;
  checkFeatures(features);
  if (examples.length === 0) throw new RangeError("there are no texts to learn from");
  const stray = examples.findIndex(({ label }) => label !== 0 && label !== 1);
  if (stray >= 0) throw new RangeError(`text ${stray + 1} has the label ${examples[stray]?.label}; expected 0 or 1`);
  const sparse = examples.map(({ text }) => featuresOf(text, features));
  const weight = new Float64Array(features + 1);
  const squares = new Float64Array(features + 1).fill(1e-8);
  const step = (at: number, gradient: number) => {
    squares[at] = (squares[at] as number) + gradient * gradient;
    weight[at] = (weight[at] as number) - (learningRate * gradient) / Math.sqrt(squares[at] as number);
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    let total = 0;
    for (const row of permutation(rng(split(key, "epoch", epoch)), examples.length)) {
      const known = sparse[row] as ReadonlyMap<number, number>;
      const label = examples[row]?.label as number;
      const odds = oddsOf(known, weight, weight[features] as number);
      // p − y, the slope of the loss; log(1 + e^(∓odds)) is the loss.
      const slope = 1 / (1 + Math.exp(-odds)) - label;
      total += Math.log1p(Math.exp(-Math.abs(odds))) + Math.max(0, label === 1 ? -odds : odds);
      for (const [feature, value] of known) step(feature, slope * value + penalty * (weight[feature] as number));
      step(features, slope);
    }
    onEpoch?.(epoch + 1, total / examples.length);
  }
  return { weight: float32([features], weight.subarray(0, features)), bias: float32([], weight.subarray(features)) };
}

/** log p(class 1) − log p(class 0). */
export function logOdds({ weight, bias }: TextClassifier, text: string): number {
  return oddsOf(featuresOf(text, weight.data.length), weight.data, bias.data[0] as number);
}

/** The classifier as a safetensors file. */
export function encodeTextClassifier(classifier: TextClassifier): Uint8Array<ArrayBuffer> {
  return encodeSafetensors({ ...classifier }, { format: FORMAT });
}

/** Throws TypeError for a file that is no text classifier, or holds weights that are not finite. */
export function decodeTextClassifier(file: Uint8Array): TextClassifier {
  const { tensors, metadata } = decodeSafetensors(file);
  if (metadata.format !== FORMAT) {
    const found = metadata.format === undefined ? "says no format" : `says "${metadata.format}"`;
    throw new TypeError(`the file ${found}; a text classifier says "${FORMAT}"`);
  }
  const features = flatten(tensors).find(([path]) => path === "weight")?.[1].shape[0] ?? 0;
  checkFeatures(features);
  checkTree("text classifier", tensors, {
    weight: { dtype: "float32", shape: [features] },
    bias: { dtype: "float32", shape: [] },
  });
  for (const [path, leaf] of flatten(tensors)) {
    const bad = firstNonFinite(leaf);
    if (bad >= 0) throw new TypeError(`text classifier: "${path}" holds ${leaf.data[bad]} at element ${bad}`);
  }
  return { weight: tensors.weight as Tensor, bias: tensors.bias as Tensor };
}

function oddsOf(known: ReadonlyMap<number, number>, weight: ArrayLike<number>, bias: number): number {
  let sum = bias;
  for (const [feature, value] of known) sum += value * (weight[feature] as number);
  return sum;
}

/** Features and values of a text, the squares of the values adding up to 1; each feature once. */
function featuresOf(text: string, features: number): ReadonlyMap<number, number> {
  const tokens = words(text.toLowerCase());
  const counts = new Map<number, number>();
  const count = (feature: string) => {
    const place = hash(feature) % features;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  };
  tokens.forEach((token, i) => {
    count(token);
    const before = tokens[i - 1];
    if (before !== undefined) count(`${before} ${token}`);
  });
  const norm = Math.sqrt([...counts.values()].reduce((sum, value) => sum + value * value, 0));
  return new Map([...counts].map(([feature, value]) => [feature, value / norm]));
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

function checkFeatures(features: number): void {
  if (!Number.isSafeInteger(features) || features < 2 || features > 2 ** 24) {
    throw new RangeError(`a text classifier has 2 to 2^24 features, got ${features}`);
  }
}
