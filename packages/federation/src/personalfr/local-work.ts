import type { Key, Tensor, Tree } from "@concord/engine";
import { float32, rng, scalar, split, tensor } from "@concord/engine";
import type { RatingsDataset } from "@concord/learning";
import { batches } from "@concord/learning";
import type { Trainer } from "../algorithm.ts";
import type { Bench } from "./bench.ts";
import type { OwnState } from "./own-state.ts";
import { gatherRows, mapItemRows } from "./rows.ts";
import type { PersonalfrSpec } from "./spec.ts";

/** What the work of a party hangs on, besides its own state. */
export interface Workplace {
  readonly bench: Bench;
  readonly trainer: Trainer;
  readonly spec: PersonalfrSpec;
  readonly ratings: RatingsDataset;
  /** The stream of (seed, party). */
  readonly key: Key;
  readonly signal?: AbortSignal | undefined;
}

export interface Steps {
  /** Counted over all rounds: the first and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** The learning rate of the party's own part. */
  readonly ownRate: number;
}

/** The decoder of a party's programs: the dense layers, and the rows of its active items with padding. */
export function activeDecoder(model: Tree<Tensor>, { active, size }: OwnState): Tree<Tensor> {
  return mapItemRows(model, (leaf) => gatherRows(leaf, active, size.rows));
}

/**
 * Local steps on the active items. Batches and dropout are a function of (key, step) alone.
 *
 * @param decoder as `activeDecoder` gives it, and as it is returned
 */
export async function localSteps(
  place: Workplace,
  state: OwnState,
  decoder: Tree<Tensor>,
  steps: Steps & { readonly decoderRate: number },
): Promise<{ readonly state: OwnState; readonly decoder: Tree<Tensor>; readonly loss: number }> {
  const { bench, trainer, signal } = place;
  const program = await trainer.step(bench.localStep(state.size));
  const { own, ownOptimizer, decoderOptimizer } = state;
  const { carry, outputs } = await program.run(
    { own, decoder, ownOptimizer, decoderOptimizer },
    inputs(place, state, steps, { decoderRate: scalar(steps.decoderRate) }),
    signal,
  );
  const losses = outputs.map(({ loss }) => (loss as Tensor).data[0] as number);
  return {
    state: {
      ...state,
      own: carry.own as Tree<Tensor>,
      ownOptimizer: (carry.ownOptimizer ?? {}) as Tree<Tensor>,
      decoderOptimizer: (carry.decoderOptimizer ?? {}) as Tree<Tensor>,
      trained: true,
    },
    decoder: carry.decoder as Tree<Tensor>,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
  };
}

/** Steps of the party's own part alone, against a decoder that stays as it is. */
export async function fitSteps(
  place: Workplace,
  state: OwnState,
  decoder: Tree<Tensor>,
  steps: Steps,
): Promise<OwnState> {
  const { bench, trainer, signal } = place;
  const program = await trainer.step(bench.fitStep(state.size));
  const { own, ownOptimizer } = state;
  const { carry } = await program.run({ own, ownOptimizer, decoder }, inputs(place, state, steps), signal);
  return {
    ...state,
    own: carry.own as Tree<Tensor>,
    ownOptimizer: (carry.ownOptimizer ?? {}) as Tree<Tensor>,
    trained: true,
  };
}

function* inputs(
  { bench, spec, ratings, key }: Workplace,
  state: OwnState,
  steps: Steps,
  more: Tree<Tensor> = {},
): Generator<Tree<Tensor>> {
  const { size } = state;
  const rows = batches({ key: split(key, "users"), examples: ratings.size, batchSize: size.batch });
  const ownRate = scalar(steps.ownRate);
  // A party with one batch of users, or one user, reads the same ratings in every step.
  let [latest, batch]: [Int32Array | undefined, Tree<Tensor>] = [undefined, {}];
  for (let step = steps.from; step < steps.to; step++) {
    const users = rows(step);
    if (latest === undefined || users.some((user, i) => user !== latest?.[i])) {
      const { x, y, observed } = userRows(ratings, state, users);
      const matrix = [size.batch, size.rows];
      batch = { own: bench.part.input(size, { users, x }), y: float32(matrix, y), weight: float32(matrix, observed) };
      latest = users;
    }
    const dropout = dropoutMask(split(key, "dropout", step), [size.batch, bench.shape.code], spec.dropout);
    yield { ...batch, dropout, ownRate, ...more };
  }
}

/**
 * The rows of some users on the active items: the input x, the targets y, and 1 / (number of ratings in the batch) where there is
 * a rating; [users, rows] each.
 */
function userRows(ratings: RatingsDataset, { size, active, biases }: OwnState, users: ArrayLike<number>) {
  const { starts, items, values } = ratings.known;
  const x = new Float32Array(users.length * size.rows);
  const observed = new Float32Array(users.length * size.rows);
  let count = 0;
  for (let i = 0; i < users.length; i++) {
    const user = users[i] as number;
    // Both lists ascend, and a user's items are among the active ones.
    let column = 0;
    for (let j = starts[user] as number; j < (starts[user + 1] as number); j++) {
      while (column < active.length && active[column] !== items[j]) column++;
      const at = i * size.rows + column;
      x[at] = (values[j] as number) - (biases[user] as number);
      observed[at] = 1;
      count++;
    }
  }
  return { x, y: x, observed: observed.map((one) => one / count) };
}

/** 0 with probability `share`, else 1 / (1 − share). */
function dropoutMask(key: Key, shape: readonly number[], share: number): Tensor {
  const random = rng(key);
  const size = shape.reduce((product, axis) => product * axis, 1);
  const mask = new Float32Array(size);
  for (let i = 0; i < size; i++) mask[i] = random.uniform() < share ? 0 : 1 / (1 - share);
  return tensor("float32", shape, mask);
}

/**
 * Predictions without dropout and without the users' biases, [users][decoder's rows]; batches run one after the other.
 *
 * @param decoder with as many rows as `decoderRows`
 */
export async function predictions(
  { bench, trainer, ratings, signal }: Workplace,
  state: OwnState,
  decoder: Tree<Tensor>,
  decoderRows: number,
): Promise<Float32Array[]> {
  const { size } = state;
  const program = await trainer.program(bench.forward(size, decoderRows));
  const result: Float32Array[] = [];
  for (let start = 0; start < ratings.size; start += size.batch) {
    signal?.throwIfAborted();
    const users = Int32Array.from({ length: size.batch }, (_, i) => Math.min(start + i, ratings.size - 1));
    const { x } = userRows(ratings, state, users);
    const input = bench.part.input(size, { users, x });
    const output = (await program.run({ own: state.own, decoder, input })).predictions as Tensor;
    for (let i = 0; i < size.batch && start + i < ratings.size; i++) {
      result.push((output.data as Float32Array).slice(i * decoderRows, (i + 1) * decoderRows));
    }
  }
  return result;
}
