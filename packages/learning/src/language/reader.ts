import type { Engine, Program, Tensor, Tree } from "@concord/engine";
import { float32, int32 } from "@concord/engine";
import type { Llama } from "./llama.ts";
import { headWidth, llamaStep, rotationAt } from "./llama.ts";

/** Rooms of a cache grow by doubling from here, so that few programs are compiled. */
const SMALLEST_ROOM = 64;
/** What is added to the score of an empty place in the cache: its exponential becomes zero. */
const MASKED = -1e9;

/** Texts of equal length that are being read, token by token, with the keys and values of what was read so far. */
export interface Reading {
  /** How many texts are read side by side. */
  readonly batch: number;
  /** Tokens read so far. */
  readonly position: number;
  /**
   * Reads one more token of each text; returns the logits for the token after it, a row of the vocabulary for each.
   * Throws RangeError when the context is full or a token is not in the vocabulary.
   */
  read(tokens: readonly number[]): Promise<readonly Float32Array[]>;
  /** So many texts that begin with the only one of this reading. Throws RangeError if there are several. */
  branch(batch: number): Reading;
}

/** Opens readings of a model. Programs are compiled once for each batch and room. */
export function llamaReader(engine: Engine, llama: Llama): (batch: number) => Reading {
  const programs = new Map<string, Promise<Program>>();
  const programFor = (batch: number, room: number) => {
    const name = `${batch} × ${room}`;
    const program = programs.get(name) ?? engine.compile(llamaStep(llama, batch, room));
    programs.set(name, program);
    return program;
  };
  return (batch) => {
    if (!Number.isSafeInteger(batch) || batch < 1) throw new RangeError(`a batch has at least one text, got ${batch}`);
    return reading(llama, programFor, emptyCache(llama, batch, SMALLEST_ROOM), 0);
  };
}

/** Keys and values by layer: [batch, keyHeads, room, head] each, in the order layer 0 keys, layer 0 values, layer 1 keys … */
interface Cache {
  readonly batch: number;
  readonly room: number;
  readonly held: readonly Float32Array<ArrayBuffer>[];
}

function reading(
  llama: Llama,
  programFor: (batch: number, room: number) => Promise<Program>,
  start: Cache,
  startPosition: number,
): Reading {
  const { size } = llama;
  const depth = headWidth(size);
  let cache = start;
  let position = startPosition;
  return {
    batch: start.batch,
    get position() {
      return position;
    },
    async read(tokens) {
      const { batch } = cache;
      if (tokens.length !== batch) throw new RangeError(`${tokens.length} tokens for ${batch} texts`);
      const stranger = tokens.find((token) => !(Number.isInteger(token) && token >= 0 && token < size.vocabulary));
      if (stranger !== undefined)
        throw new RangeError(`token ${stranger} is not in a vocabulary of ${size.vocabulary}`);
      if (position >= size.context) throw new RangeError(`the context of ${size.context} tokens is full`);
      if (position >= cache.room) cache = resized(llama, cache, Math.min(2 * cache.room, size.context), batch);
      const { room, held } = cache;
      const program = await programFor(batch, room);
      const { cosine, sine } = rotationAt(position, depth);
      const shape = [batch, size.keyHeads, room, depth];
      const outputs = await program.run({
        token: int32([batch], [...tokens]),
        cosine: float32([depth], cosine),
        sine: float32([depth], sine),
        mask: float32([room], new Float32Array(room).fill(MASKED, position)),
        cache: Object.fromEntries(
          llama.layers.map((_, i): [string, Tree<Tensor>] => [
            `layer${i}`,
            { keys: floats(shape, held[2 * i]), values: floats(shape, held[2 * i + 1]) },
          ]),
        ),
      });
      keep(cache, position, depth, (outputs.rows as Tensor).data as Float32Array);
      position++;
      const logits = (outputs.logits as Tensor).data as Float32Array;
      return tokens.map((_, i) => logits.slice(i * size.vocabulary, (i + 1) * size.vocabulary));
    },
    branch(batch) {
      if (cache.batch !== 1) throw new RangeError(`only a reading of one text can branch, this has ${cache.batch}`);
      if (!Number.isSafeInteger(batch) || batch < 1)
        throw new RangeError(`a batch has at least one text, got ${batch}`);
      return reading(llama, programFor, resized(llama, cache, cache.room, batch), position);
    },
  };
}

function floats(shape: readonly number[], data: Float32Array<ArrayBuffer> | undefined): Tensor {
  return { dtype: "float32", shape, data: data ?? new Float32Array() };
}

function emptyCache({ size, layers }: Llama, batch: number, wanted: number): Cache {
  const room = Math.min(wanted, size.context);
  const numbers = batch * size.keyHeads * room * headWidth(size);
  return { batch, room, held: layers.flatMap(() => [new Float32Array(numbers), new Float32Array(numbers)]) };
}

/** The same content with another room, for as many texts or, from one text, for several. */
function resized(llama: Llama, cache: Cache, room: number, batch: number): Cache {
  const next = emptyCache(llama, batch, room);
  const depth = headWidth(llama.size);
  const blocks = batch * llama.size.keyHeads;
  const known = cache.batch * llama.size.keyHeads;
  next.held.forEach((data, i) => {
    const from = cache.held[i] as Float32Array;
    for (let block = 0; block < blocks; block++) {
      const source = (block % known) * cache.room * depth;
      data.set(from.subarray(source, source + cache.room * depth), block * next.room * depth);
    }
  });
  return next;
}

/** Writes the rows of one token, [2 · layers, batch · keyHeads, head], into their places. */
function keep({ room, held }: Cache, position: number, depth: number, rows: Float32Array): void {
  const blocks = rows.length / held.length / depth;
  held.forEach((data, i) => {
    for (let block = 0; block < blocks; block++) {
      const source = (i * blocks + block) * depth;
      data.set(rows.subarray(source, source + depth), (block * room + position) * depth);
    }
  });
}
