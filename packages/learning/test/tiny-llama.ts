import { key, rng } from "@concord/engine";
import { readLlama2cTokenizer, type Tokenizer } from "@concord/learning";

const [WIDTH, HIDDEN, LAYERS, HEADS, KEY_HEADS] = [8, 12, 2, 4, 2];
const DEPTH = WIDTH / HEADS;

export interface TinyLlama {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly vocabulary: number;
  /** The matrices as the file has them, [out, in]. */
  readonly matrices: Readonly<Record<string, readonly (readonly Float64Array[])[]>>;
}

/** A random model of two layers in the format of llama2.c, and its matrices for an independent computation. */
export function tinyLlama2c({ tied = true, vocabulary = 20, context = 64 } = {}): TinyLlama {
  const random = rng(key("tiny llama"));
  const numbers: number[] = [];
  const matrix = (rows: number, columns: number, mean = 0) =>
    Array.from({ length: rows }, () => {
      const row = Float64Array.from({ length: columns }, () => Math.fround(mean + 0.5 * random.normal()));
      numbers.push(...row);
      return row;
    });
  const layers = (rows: number, columns: number, mean = 0) =>
    Array.from({ length: LAYERS }, () => matrix(rows, columns, mean));
  const keys = DEPTH * KEY_HEADS;
  const matrices: Record<string, Float64Array[][]> = {
    embedding: [matrix(vocabulary, WIDTH)],
    attentionNorm: layers(1, WIDTH, 1),
    query: layers(WIDTH, WIDTH),
    key: layers(keys, WIDTH),
    value: layers(keys, WIDTH),
    output: layers(WIDTH, WIDTH),
    networkNorm: layers(1, WIDTH, 1),
    gate: layers(HIDDEN, WIDTH),
    down: layers(WIDTH, HIDDEN),
    up: layers(HIDDEN, WIDTH),
    norm: [matrix(1, WIDTH, 1)],
    rotation: [matrix(context, DEPTH)],
  };
  matrices.head = tied ? (matrices.embedding as Float64Array[][]) : [matrix(vocabulary, WIDTH)];
  const bytes = new Uint8Array(4 * (7 + numbers.length));
  const view = new DataView(bytes.buffer);
  [WIDTH, HIDDEN, LAYERS, HEADS, KEY_HEADS, tied ? vocabulary : -vocabulary, context].forEach((value, i) => {
    view.setInt32(4 * i, value, true);
  });
  numbers.forEach((value, i) => {
    view.setFloat32(4 * (7 + i), value, true);
  });
  return { bytes, vocabulary, matrices };
}

/** The logits after the last token, in float64 and without a cache, straight from the definition of the architecture. */
export function nextTokenLogits({ matrices }: TinyLlama, tokens: readonly number[]): number[] {
  const of = (name: string, layer = 0) => matrices[name]?.[layer] as readonly Float64Array[];
  let rows = tokens.map((token) => [...(of("embedding")[token] as Float64Array)]);
  for (let layer = 0; layer < LAYERS; layer++) {
    const normal = rows.map((x) => rms(x, of("attentionNorm", layer)));
    const q = normal.map((x, p) => rope(times(of("query", layer), x), p));
    const k = normal.map((x, p) => rope(times(of("key", layer), x), p));
    const v = normal.map((x) => times(of("value", layer), x));
    rows = rows.map((x, p) => {
      const mixed = Array.from({ length: HEADS }, (_, head) => {
        const from = Math.floor(head / (HEADS / KEY_HEADS)) * DEPTH;
        const part = (y: readonly number[] | undefined, at: number) => (y ?? []).slice(at, at + DEPTH);
        const scores = k
          .slice(0, p + 1)
          .map((one) => dot(part(q[p], head * DEPTH), part(one, from)) / Math.sqrt(DEPTH));
        const total = scores.reduce((sum, s) => sum + Math.exp(s), 0);
        return Array.from({ length: DEPTH }, (_, d) =>
          scores.reduce((sum, s, j) => sum + (Math.exp(s) / total) * (v[j]?.[from + d] as number), 0),
        );
      }).flat();
      return added(x, times(of("output", layer), mixed));
    });
    rows = rows.map((x) => {
      const n = rms(x, of("networkNorm", layer));
      const up = times(of("up", layer), n);
      const opened = times(of("gate", layer), n).map((g, i) => (g / (1 + Math.exp(-g))) * (up[i] as number));
      return added(x, times(of("down", layer), opened));
    });
  }
  return times(of("head"), rms(rows.at(-1) ?? [], of("norm")));
}

/** 259 bytes and specials, then letters and some pairs of them. */
export function tinyTokenizer(vocabulary: number): Tokenizer {
  const named = ["<unk>", "<s>", "</s>", ...Array.from({ length: 256 }, (_, i) => `<${i}>`)];
  const letters = [" ", ..."abcdefghijklmnopqrstuvwxyz"];
  const pairs = ["ab", " a", "abc", "de"];
  const pieces = [...named, ...letters, ...pairs];
  while (pieces.length < vocabulary) pieces.push(`<spare ${pieces.length}>`);
  return readLlama2cTokenizer(
    tokenizerFile(pieces.slice(0, vocabulary).map((piece, i) => ({ piece, score: -i }))),
    vocabulary,
  );
}

export function tokenizerFile(
  pieces: readonly { readonly piece: string; readonly score: number }[],
): Uint8Array<ArrayBuffer> {
  const parts = pieces.map(({ piece, score }) => {
    const text = new TextEncoder().encode(piece);
    const head = new DataView(new ArrayBuffer(8));
    head.setFloat32(0, score, true);
    head.setInt32(4, text.length, true);
    return [...new Uint8Array(head.buffer), ...text];
  });
  return Uint8Array.from([30, 0, 0, 0, ...parts.flat()]);
}

const dot = (a: readonly number[] | Float64Array, b: readonly number[]) =>
  b.reduce((sum, x, i) => sum + x * (a[i] as number), 0);
const times = (m: readonly Float64Array[], x: readonly number[]) => m.map((row) => dot(row, x));
const added = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x + (b[i] as number));

function rms(x: readonly number[], [scale]: readonly Float64Array[]): number[] {
  const root = Math.sqrt(dot(x, x) / x.length + 1e-5);
  return x.map((value, i) => (value / root) * (scale?.[i] as number));
}

function rope(x: readonly number[], position: number): number[] {
  const turned = [...x];
  for (let i = 0; i < x.length; i += 2) {
    const angle = position / 10_000 ** ((i % DEPTH) / DEPTH);
    const [a, b] = [x[i] as number, x[i + 1] as number];
    turned[i] = a * Math.cos(angle) - b * Math.sin(angle);
    turned[i + 1] = a * Math.sin(angle) + b * Math.cos(angle);
  }
  return turned;
}
