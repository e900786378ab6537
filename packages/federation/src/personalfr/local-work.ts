import type { Key, Tensor, Tree } from "@concord/engine";
import { float32, rng, scalar, split } from "@concord/engine";
import type { RatingsDataset } from "@concord/learning";
import { batches, ratingsOf } from "@concord/learning";
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
  /** Learning rates; a decoder with the rate 0 is frozen. */
  readonly ownRate: number;
  readonly decoderRate: number;
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
  steps: Steps,
): Promise<{ readonly state: OwnState; readonly decoder: Tree<Tensor>; readonly loss: number }> {
  const { bench, trainer, signal } = place;
  const program = await trainer.step(bench.localStep(state.size));
  const { own, ownOptimizer, decoderOptimizer } = state;
  const { carry, outputs } = await program.run(
    { own, decoder, ownOptimizer, decoderOptimizer },
    inputs(place, state, steps),
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

function* inputs({ bench, spec, ratings, key }: Workplace, state: OwnState, steps: Steps): Generator<Tree<Tensor>> {
  const { size } = state;
  const rows = batches({ key: split(key, "users"), examples: ratings.size, batchSize: size.batch });
  const [ownRate, decoderRate] = [scalar(steps.ownRate), scalar(steps.decoderRate)];
  for (let step = steps.from; step < steps.to; step++) {
    const users = rows(step);
    const { x, y, observed } = userRows(ratings, state, users);
    yield {
      own: bench.part.input(size, { users, x }),
      y: float32([size.batch, size.rows], y),
      weight: float32([size.batch, size.rows], observed),
      dropout: dropoutMask(split(key, "dropout", step), [size.batch, bench.shape.code], spec.dropout),
      ownRate,
      decoderRate,
    };
  }
}

/**
 * The rows of some users on the active items: the input x, the targets y, and 1 / (number of ratings in the batch) where there is
 * a rating; [users, rows] each.
 */
function userRows(ratings: RatingsDataset, { size, active, biases }: OwnState, users: ArrayLike<number>) {
  const columns = new Map(Array.from(active, (item, column) => [item, column]));
  const x = new Float32Array(users.length * size.rows);
  const observed = new Float32Array(users.length * size.rows);
  let count = 0;
  for (let i = 0; i < users.length; i++) {
    const user = users[i] as number;
    for (const { item, value } of ratingsOf(ratings.known, user)) {
      const at = i * size.rows + (columns.get(item) as number);
      x[at] = value - (biases[user] as number);
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
  return float32(
    shape,
    Array.from({ length: size }, () => (random.uniform() < share ? 0 : 1 / (1 - share))),
  );
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
