import { engineFor } from "@concord/engine/node";
import { buildTask, denseRatings, ratingsOf } from "@concord/learning";
import { describe, expect, it } from "vitest";
import { inlineExecutor } from "../src/executor.ts";
import { algorithmOf } from "../src/registry.ts";
import { type RoundReport, simulate } from "../src/simulator.ts";
import { createTrainer } from "../src/trainer.ts";
import { tinyRecommender, tinyRecommenderParties } from "./tiny-recommender.ts";

describe("federated averaging of an autoencoder", () => {
  it("learns ratings from the rated items alone and sends the whole model", async () => {
    const adam = { optimizer: { kind: "adam" }, learningRate: 0.05, batchSize: 3 };
    const spec = tinyRecommender(
      { kind: "fedavg", localSteps: 10 },
      { rounds: 6, evaluation: { every: 1 } },
      { ...adam, clipNorm: 1 },
    );
    const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), await engineFor());
    const parties = tinyRecommenderParties([4, 3]);
    const reports: RoundReport[] = [];
    for await (const { history } of simulate({ spec, parties, executor })) reports.push(...history.slice(-1));
    const [first, final] = [reports[0], reports.at(-1)];
    expect(final?.trainLoss).toBeLessThan(0.5 * (first?.trainLoss ?? 0));
    // Counted by rating, not by user.
    expect(final?.evaluation?.examples).toBe(
      parties.reduce((sum, { heldOut }) => sum + (heldOut?.targets.items.length ?? 0), 0),
    );
  });

  it("measures squared and absolute errors of held-out ratings as written here by hand", async () => {
    const spec = tinyRecommender({ kind: "fedavg", localSteps: 1 });
    const task = buildTask(spec.task);
    const engine = await engineFor();
    const trainer = await createTrainer(engine, task);
    const [{ heldOut } = { heldOut: undefined }] = tinyRecommenderParties([3]);
    if (heldOut === undefined) throw new Error("the party holds nothing out");
    const parameters = algorithmOf(spec.algorithm).init({ task, key: { high: 1n, low: 2n } }).model;
    const measured = await trainer.evaluate(parameters, heldOut);
    const users = [0, 1, 2];
    const program = await engine.compile({
      name: "predict",
      inputs: { parameters: task.model.parameters, x: { dtype: "float32", shape: [3, heldOut.items] } },
      apply: (given) => ({ y: task.model.apply(given.parameters as never, given.x as never) }),
    });
    const { y } = await program.run({ parameters, x: denseRatings(heldOut, users).x });
    const predicted = (y as { data: Float32Array }).data;
    const errors = users.flatMap((user) =>
      ratingsOf(heldOut.targets, user).map(
        ({ item, value }) => (predicted[user * heldOut.items + item] as number) - value,
      ),
    );
    expect(measured.loss?.count).toBe(errors.length);
    expect(measured.loss?.sum).toBeCloseTo(
      errors.reduce((sum, error) => sum + error ** 2, 0),
      3,
    );
    expect(measured.absoluteError?.sum).toBeCloseTo(
      errors.reduce((sum, error) => sum + Math.abs(error), 0),
      3,
    );
  });
});
