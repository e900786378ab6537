import { rng, sample, split } from "@concord/engine";
import type { Examples, RatingsDataset, Task } from "@concord/learning";
import { decoderInit, decoderSpecs, measureRatings } from "@concord/learning";
import type { Algorithm, EvaluateContext, SelectContext, TrainContext, Trained } from "../algorithm.ts";
import type { RoundPlan } from "../plan.ts";
import type { Bench } from "./bench.ts";
import { benches, shapeOf } from "./bench.ts";
import { disguiseOf } from "./disguise.ts";
import type { Workplace } from "./local-work.ts";
import { activeDecoder, fitSteps, localSteps, predictions } from "./local-work.ts";
import { mergeDecoders } from "./merge.ts";
import { closeOwn, openOwn } from "./own-state.ts";
import { serverInit, serverStep } from "./server-step.ts";
import type { PersonalfrSpec } from "./spec.ts";
import { checkDecoderUpdate, rowsUpdate, shapeOfDecoder, wholeUpdate } from "./update.ts";
import { settleBiases } from "./user-bias.ts";

/**
 * PersonalFR: partially federated autoencoders with partial compression (Le, Diao, Wang, Anwar, Tarokh and Ding, "Personalized
 * Federated Recommender Systems with Private and Partially Federated AutoEncoders", Asilomar 2022, arXiv:2212.08779).
 *
 * The encoder E_k of a party, its optimiser's state and its users' biases never leave it; the decoder D is federated. A party
 * computes on its active items A_k alone and sends of D's last layer the rows of A_k. The download is the whole decoder, because
 * asking for rows would tell which they are. What the server learns all the same is said in docs/recommender.md: bare rows name
 * the items that a user has rated.
 */
export function personalfr(spec: PersonalfrSpec): Algorithm {
  const benchOf = benches(spec);
  return {
    name: "personalfr",
    init: ({ task, key }) => serverInit(spec.server, decoderInit(shapeOf(task), split(key, "decoder"))),
    select: (_state, context) => draw(spec, context),
    download: (state) => state.model,
    modelSpecs: (task) => decoderSpecs(shapeOf(task)),
    train: (context) => train(spec, benchOf(context.task), context),
    checkUpdate: (state, update) => checkDecoderUpdate(update, shapeOfDecoder(state.model)),
    merge: (state, { round, updates }) => {
      const sent = updates.map(({ tensors }) => tensors);
      return serverStep(spec.server, state, mergeDecoders(state.model, sent, spec.merge), round);
    },
    evaluate: async (context) => {
      const ratings = ratingsFrom(context.data);
      const predicted = await predictRatings(spec, benchOf(context.task), { ...context, data: ratings });
      const kind = ratings.feedback === "explicit" ? "ratings" : "logits";
      return measureRatings(ratings, { kind, of: (user) => predicted[user] as Float32Array });
    },
    finish: (state) => state,
  };
}

function draw({ localSteps, activeParties }: PersonalfrSpec, { round, candidates, key }: SelectContext): RoundPlan {
  const count = Math.min(activeParties ?? candidates.length, candidates.length);
  const drawn = new Set(sample(rng(key), candidates, count).map(({ id }) => id));
  const members = candidates
    .filter(({ id }) => drawn.has(id))
    .map(({ id, examples }) => ({ party: id, examples, exchanges: [localSteps] }));
  return { round, steps: localSteps, members };
}

async function train(spec: PersonalfrSpec, bench: Bench, context: TrainContext): Promise<Trained> {
  const { plan, segment, model, privateState, key, secret, signal } = context;
  const ratings = ratingsFrom(context.data);
  const place: Workplace = { bench, trainer: context.trainer, spec, ratings, key, signal };
  const before = openOwn(bench, privateState, ratings);
  const decoder = activeDecoder(model, before);
  const ready = await settleBiases(place, before, decoder, "active");
  const first = (plan.round - 1) * plan.steps;
  const after = await localSteps(place, ready, decoder, {
    from: first + segment.from,
    to: first + segment.to,
    ...rates(spec, bench.task, plan.round),
  });
  const trained = { items: after.state.active, decoder: after.decoder };
  const told = disguiseOf(spec)(trained, model, secret);
  return {
    update:
      spec.upload.kind === "rows" ? rowsUpdate(told.decoder, told.items) : wholeUpdate(model, told.decoder, told.items),
    privateState: closeOwn(after.state, spec.decoderMomentum),
    loss: after.loss,
  };
}

/**
 * What the party's own state and a decoder predict for each user and item, [users][N]: ratings with the user's bias, or logits. A
 * party without a state makes one with a few steps against the frozen decoder, so that a cold user is served without a round.
 */
export async function predictRatings(
  spec: PersonalfrSpec,
  bench: Bench,
  context: Omit<EvaluateContext, "data"> & { readonly data: RatingsDataset },
): Promise<Float32Array[]> {
  const { model, privateState, trainer, key, signal, data } = context;
  const ratings = { ...data, targets: data.known };
  const place: Workplace = { bench, trainer, spec, ratings, key: split(key, "refit"), signal };
  let state = openOwn(bench, privateState, ratings);
  if (!state.trained && spec.refitSteps > 0) {
    const decoder = activeDecoder(model, state);
    state = await settleBiases(place, state, decoder, "active");
    const { ownRate } = rates(spec, bench.task, 1);
    state = await fitSteps(place, state, decoder, { from: 0, to: spec.refitSteps, ownRate });
  }
  state = await settleBiases(place, state, model, "all");
  const { biases } = state;
  const predicted = await predictions(place, state, model, bench.shape.items);
  return predicted.map((row, user) => row.map((value) => value + (biases[user] as number)));
}

function rates({ privateOptimizer }: PersonalfrSpec, task: Task, round: number) {
  const decoderRate = task.rateAt(round);
  const schedule = decoderRate / task.spec.learningRate;
  return {
    decoderRate,
    ownRate: privateOptimizer === undefined ? decoderRate : privateOptimizer.learningRate * schedule,
  };
}

function ratingsFrom(data: Examples): RatingsDataset {
  if (data.kind === "ratings") return data;
  throw new TypeError(`data set "${data.name}" holds labelled examples; a recommender needs ratings`);
}
