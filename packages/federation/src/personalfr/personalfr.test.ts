import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten } from "@concord/engine";
import { engineFor } from "@concord/engine/node";
import { buildTask } from "@concord/learning";
import { beforeAll, describe, expect, it } from "vitest";
import { clouds } from "../../test/tiny-federation.ts";
import { tinyRecommender, tinyRecommenderParties } from "../../test/tiny-recommender.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../checkpoint.ts";
import { inlineExecutor } from "../executor.ts";
import { openPrivate } from "../private-tree.ts";
import { algorithmOf } from "../registry.ts";
import type { Checkpoint, Simulation } from "../simulator.ts";
import { simulate } from "../simulator.ts";
import type { FederationSpec } from "../spec.ts";
import { federationSpecSchema } from "../spec.ts";
import { uploadPayload } from "./update.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await engineFor();
});

const SHAPE = { items: 40, hidden: 6, code: 4 };
const EVERYBODY = [1, 2, 3];

async function run(spec: FederationSpec, sizes = EVERYBODY, more: Partial<Simulation> = {}): Promise<Checkpoint> {
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), engine);
  let last: Checkpoint | undefined;
  for await (const round of simulate({ spec, parties: tinyRecommenderParties(sizes), executor, ...more })) last = round;
  return last as Checkpoint;
}

const rmse = ({ history }: Checkpoint) => Math.sqrt(history.at(-1)?.evaluation?.loss ?? Number.NaN);

describe("PersonalFR", () => {
  it.each(["published", "vector"])("fits its users with a private part: %s", async (encoder) => {
    const adam = { kind: "adam", learningRate: 0.05 };
    const own = { encoder, localSteps: 5, userBias: 1, merge: "active", dropout: 0.1, privateOptimizer: adam };
    const { history } = await run(tinyRecommender({ ...own, server: adam }, { rounds: 15, evaluation: { every: 15 } }));
    // Of two kinds of taste, half of the variance of 2.5 is left to who knows only the items or only the users.
    expect(history.at(-1)?.trainLoss).toBeLessThan(0.5);
    expect(history.at(-1)?.trainLoss).toBeLessThan(0.5 * (history[0]?.trainLoss ?? 0));
  });

  it("predicts what a user has not rated, from those of the same taste", async () => {
    const adam = { kind: "adam", learningRate: 0.05 };
    const own = { encoder: "vector", localSteps: 5, userBias: 1, merge: "active", dropout: 0.1 };
    const spec = tinyRecommender(
      { ...own, privateOptimizer: adam, server: adam },
      { rounds: 20, evaluation: { every: 20 } },
    );
    // Ratings are 1, 2, 4 or 5: whoever knows only the mean of a user is 1.58 off.
    expect(rmse(await run(spec, [1, 1, 1, 1, 2, 2]))).toBeLessThan(1.4);
  });

  it("sends what the formula says and gets the whole decoder", async () => {
    const parties = tinyRecommenderParties(EVERYBODY);
    const rows = parties.map(({ train }) => new Set(train.known.items).size);
    const { traffic } = await run(tinyRecommender({}, { rounds: 1 }));
    for (const [i, { id }] of parties.entries()) {
      expect(traffic.get(id)?.train).toMatchObject({
        payloadUp: uploadPayload(SHAPE, rows[i] as number),
        indexUp: 4 * (rows[i] as number),
        payloadDown: uploadPayload(SHAPE, SHAPE.items),
        indexDown: 0,
      });
    }
  });

  it.each(["all", "active"])("comes to the same decoder whether rows or all of it is sent (%s)", async (merge) => {
    const [rows, whole] = await Promise.all(
      ["rows", "decoder"].map((kind) => run(tinyRecommender({ merge, upload: { kind } }))),
    );
    expect(whole?.state.model).toEqual(rows?.state.model);
    expect(whole?.history.at(-1)?.evaluation).toEqual(rows?.history.at(-1)?.evaluation);
  });

  it("keeps the encoder of the active items, the state of its optimiser and the biases with the party", async () => {
    const { privateStates, state } = await run(tinyRecommender({ userBias: 5 }), [1, 2]);
    const [first] = tinyRecommenderParties([1, 2]);
    const active = new Set(first?.train.known.items).size;
    const own = privateStates.get("a");
    const leaves = new Map(own && flatten(openPrivate(own)));
    expect(leaves.get("own.items.weight")?.shape).toEqual([active, 6]);
    expect(leaves.get("ownOptimizer.momentum.items.weight")?.shape).toEqual([active, 6]);
    expect(leaves.get("decoderOptimizer.momentum.items.bias")?.shape).toEqual([active]);
    expect(leaves.get("biases")?.shape).toEqual([1]);
    expect(flatten(state).every(([path]) => path.startsWith("model."))).toBe(true);
  });

  it("with one party and no server rule is the joint autoencoder, trained round after round", async () => {
    const [many, one] = await Promise.all([
      run(tinyRecommender({ localSteps: 2 }, { rounds: 4 }), [5]),
      run(tinyRecommender({ localSteps: 8 }, { rounds: 1 }), [5]),
    ]);
    expect(distance(many.state.model, one.state.model)).toBeLessThan(1e-6);
  });

  it("goes on from a checkpoint to the same bits", async () => {
    const algorithm = { encoder: "vector", userBias: 5, server: { kind: "adam", learningRate: 0.01, rowDecay: 0.1 } };
    const spec = tinyRecommender(algorithm, { rounds: 4 });
    const whole = await run(spec);
    const half = await run({ ...spec, rounds: 2 });
    const resumed = await run(spec, EVERYBODY, { from: decodeCheckpoint(encodeCheckpoint(half, spec), spec) });
    expect(encodeCheckpoint(resumed, spec)).toEqual(encodeCheckpoint(whole, spec));
  });

  it("learns likes", async () => {
    const spec = tinyRecommender({}, {}, { loss: "bce" });
    const parties = tinyRecommenderParties(EVERYBODY);
    const { implicitFeedback } = await import("@concord/learning");
    const liked = parties.map(({ id, train, heldOut }) => ({
      id,
      train: implicitFeedback(train, 3.5),
      ...(heldOut && { heldOut: implicitFeedback(heldOut, 3.5) }),
    }));
    const end = await run(spec, EVERYBODY, { parties: liked });
    expect(end.history.at(-1)?.evaluation?.accuracy).toBeGreaterThanOrEqual(0);
    await expect(run(spec)).rejects.toThrow('explicit feedback needs the loss "mse", the task has "bce"');
  });

  it("refuses data and specifications that do not belong together", async () => {
    const labelled = [{ id: "a", train: clouds(5, "a") }];
    await expect(run(tinyRecommender(), [1], { parties: labelled })).rejects.toThrow("learns ratings");
    const stated = tinyRecommender();
    expect(() => federationSpecSchema.parse({ ...stated, algorithm: { kind: "fedsgd", localSteps: 1 } })).toThrow(
      "a recommender is trained by",
    );
    const task = { ...stated.task, model: { kind: "softmax" }, loss: "cross-entropy" };
    expect(() => federationSpecSchema.parse({ ...stated, task })).toThrow('not \\"softmax\\"');
    const [party] = tinyRecommenderParties([1]);
    const smaller = { ...stated.task, inputShape: [39], outputs: 39 };
    const other = run({ ...stated, task: smaller }, [1], { parties: party ? [party] : [] });
    await expect(other).rejects.toThrow("of 40 items, expected 39");
  });
});

function distance(a: Tree<Tensor>, b: Tree<Tensor>): number {
  const other = new Map(flatten(b));
  return Math.max(
    ...flatten(a).flatMap(([path, leaf]) =>
      Array.from(leaf.data, (value, i) => Math.abs(value - (other.get(path)?.data[i] as number))),
    ),
  );
}
