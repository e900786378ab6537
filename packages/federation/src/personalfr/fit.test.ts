import { key, portableEngine } from "@concord/engine";
import { buildTask, ratingsOf, splitRatings, subset } from "@concord/learning";
import { beforeAll, expect, test } from "vitest";
import { tinyRatings, tinyRecommender } from "../../test/tiny-recommender.ts";
import type { Trainer } from "../algorithm.ts";
import { inlineExecutor } from "../executor.ts";
import { algorithmOf } from "../registry.ts";
import { simulate } from "../simulator.ts";
import { createTrainer } from "../trainer.ts";
import { benches } from "./bench.ts";
import { fitAndPredict } from "./fit.ts";
import { predictRatings } from "./personalfr.ts";

const spec = tinyRecommender(
  {
    encoder: "vector",
    userBias: 2,
    localSteps: 10,
    privateOptimizer: { kind: "adam", learningRate: 0.05 },
    dropout: 0.1,
    refitSteps: 60,
  },
  { rounds: 12 },
);
if (spec.algorithm.kind !== "personalfr") throw new Error("no recommender");
const { algorithm } = spec;
const task = buildTask(spec.task);
const bench = benches(algorithm)(task);
const all = tinyRatings(12);
/** Users 10 and 11, an even and an odd taste, are in no round. */
const { train, test: heldOut } = splitRatings(all, { kind: "per-user", test: 0.4, validation: 0 }, key(1));
const late = { train: subset(train, [10, 11]), heldOut: subset(heldOut, [10, 11]) };

let model: Parameters<typeof fitAndPredict>[2]["model"];
let trainer: Trainer;
beforeAll(async () => {
  const engine = await portableEngine();
  trainer = await createTrainer(engine, task);
  const executor = await inlineExecutor(algorithmOf(algorithm), task, engine);
  const parties = [
    { id: "a", train: subset(train, [0, 1, 2, 3, 4]) },
    { id: "b", train: subset(train, [5, 6, 7, 8, 9]) },
  ];
  for await (const round of simulate({ spec, parties, executor })) model = round.state.model;
}, 60_000);

const fit = (more: Partial<Parameters<typeof fitAndPredict>[2]> = {}) =>
  fitAndPredict(algorithm, bench, { model, privateState: undefined, trainer, key: key(7), data: late.train, ...more });

function meanSquaredError(predicted: readonly Float32Array[]): number {
  const errors = predicted.flatMap((scores, user) =>
    ratingsOf(late.heldOut.targets, user).map(({ item, value }) => ((scores[item] as number) - value) ** 2),
  );
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

test("users who were in no round get predictions of their own taste", async () => {
  const predicted = await fit();
  // With two tastes that want opposite items, whoever knows no taste can do no better than the middle of the scale.
  const indifferent = [0, 1].map((user) => {
    const known = ratingsOf(late.train.known, user);
    return new Float32Array(all.items).fill(known.reduce((sum, { value }) => sum + value, 0) / known.length);
  });
  expect(meanSquaredError(predicted)).toBeLessThan(0.5 * meanSquaredError(indifferent));
  expect(predicted.map((scores) => scores.length)).toEqual([all.items, all.items]);
});

test("is a function of its arguments: nothing is changed, and a second call gives the same bits", async () => {
  const before = structuredClone(model);
  expect(await fit()).toEqual(await fit());
  expect(model).toEqual(before);
});

test("goes on from a private state where there is one: without refit steps it predicts as evaluation does", async () => {
  const { privateState } = await algorithmOf(algorithm).train({
    task,
    trainer,
    plan: { round: 1, steps: 10 },
    segment: { party: "late", index: 0, from: 0, to: 10 },
    model,
    privateState: undefined,
    data: late.train,
    key: key(7),
    secret: key(8),
  });
  const context = { task, model, privateState, trainer, key: key(7), data: late.train };
  const kept = await fitAndPredict({ ...algorithm, refitSteps: 0 }, bench, context);
  expect(kept).toEqual(await predictRatings(algorithm, bench, context));
  expect(kept).not.toEqual(await fit());
});
