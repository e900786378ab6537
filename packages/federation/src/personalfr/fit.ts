import type { Key, Tensor, Tree } from "@concord/engine";
import { split } from "@concord/engine";
import type { RatingsDataset } from "@concord/learning";
import type { Trainer } from "../algorithm.ts";
import type { PrivateTree } from "../private-tree.ts";
import type { Bench } from "./bench.ts";
import type { Workplace } from "./local-work.ts";
import { activeDecoder, fitSteps, predictions } from "./local-work.ts";
import { openOwn } from "./own-state.ts";
import type { PersonalfrSpec } from "./spec.ts";
import { settleBiases } from "./user-bias.ts";

export interface FitContext {
  /** The decoder as it came down. It stays as it is. */
  readonly model: Tree<Tensor>;
  /** What the party has trained so far; undefined for one that has not been in a round. */
  readonly privateState: PrivateTree | undefined;
  readonly trainer: Trainer;
  /** The stream of (seed, party). */
  readonly key: Key;
  /** The ratings to fit to and to predict from. */
  readonly data: RatingsDataset;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the users of a party would think of every item, [users][N]: the private part is fitted to their present ratings by
 * `refitSteps` local steps against the frozen decoder, from where training left it or from the beginning. So a new rating counts at
 * once, and a user who joins late needs no round. A function of its arguments alone; nothing is kept and nothing is sent.
 */
export async function fitAndPredict(spec: PersonalfrSpec, bench: Bench, context: FitContext): Promise<Float32Array[]> {
  const { model, privateState, trainer, data, signal } = context;
  const ratings = { ...data, targets: data.known };
  const place: Workplace = { bench, trainer, spec, ratings, key: split(context.key, "fit"), signal };
  const kept = openOwn(bench, privateState, ratings);
  const decoder = activeDecoder(model, kept);
  const ready = await settleBiases(place, kept, decoder, "active");
  const ownRate = spec.privateOptimizer?.learningRate ?? bench.task.rateAt(1);
  const steps = { from: 0, to: spec.refitSteps, ownRate };
  const fitted = spec.refitSteps === 0 ? ready : await fitSteps(place, ready, decoder, steps);
  const state = await settleBiases(place, fitted, model, "all");
  const predicted = await predictions(place, state, model, bench.shape.items);
  return predicted.map((row, user) => row.map((value) => value + (state.biases[user] as number)));
}
