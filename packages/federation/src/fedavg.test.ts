import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten, float32, int32, key, mapTree, portableEngine, tensor, zeros } from "@concord/engine";
import { batches, buildTask, gather } from "@concord/learning";
import { beforeAll, describe, expect, it } from "vitest";
import { TINY_MLP, TINY_TASK, tinyParties, tinySpec } from "../test/tiny-federation.ts";
import type { CoordinatorState } from "./algorithm.ts";
import { inlineExecutor } from "./executor.ts";
import { averaging, fedavg } from "./fedavg.ts";
import { federationKeys } from "./keys.ts";
import type { PrivateTree } from "./private-tree.ts";
import { openPrivate } from "./private-tree.ts";
import { algorithmOf } from "./registry.ts";
import type { Simulation } from "./simulator.ts";
import { initialCheckpoint, simulate } from "./simulator.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

/** Runs to the end and returns the last checkpoint. */
async function result(simulation: Omit<Simulation, "executor">) {
  const { spec } = simulation;
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), engine);
  let last = initialCheckpoint(spec);
  for await (const checkpoint of simulate({ ...simulation, executor })) last = checkpoint;
  return last;
}

describe("federated averaging", () => {
  it.each([
    ["plain SGD", TINY_TASK],
    ["an MLP with momentum", { ...TINY_MLP, optimizer: { kind: "sgd" as const, momentum: 0.9 } }],
    ["Adam", { ...TINY_TASK, optimizer: { kind: "adam" as const }, learningRate: 0.05 }],
  ])("with one party is plain local training to the bit: %s", async (_, taskSpec) => {
    const T = 6;
    const rounds = 3;
    const spec = tinySpec({ task: taskSpec, algorithm: { kind: "fedavg", localSteps: T }, rounds });
    const [party] = tinyParties([17]);
    if (party === undefined) throw new Error("there is one party");
    const federated = await result({ spec, parties: [party] });

    // The same steps by hand: T · rounds batches in a row, the optimiser afresh in every round.
    const task = buildTask(spec.task);
    const keys = federationKeys(spec.seed);
    const step = await engine.compileStep(task.trainingStep);
    const rows = batches({ key: keys.party(party.id), examples: 17, batchSize: task.batchSize });
    let parameters = task.model.init(keys.init);
    for (let round = 0; round < rounds; round++) {
      const inputs = Array.from({ length: T }, (_, t) =>
        task.batch(gather(party.train, rows(round * T + t)), spec.task.learningRate),
      );
      const { carry } = await step.run({ parameters, optimizer: task.optimizer.init(task.model.parameters) }, inputs);
      parameters = carry.parameters as Tree<Tensor>;
    }
    expect(flatten(federated.state.model)).toEqual(flatten(parameters));
  });

  it("of two parties is the mean of what each would have learned alone, by their examples", async () => {
    const spec = tinySpec({ rounds: 1 });
    const parties = tinyParties([10, 30]);
    const [a, b] = await Promise.all(parties.map((party) => result({ spec, parties: [party] })));
    const both = await result({ spec, parties });
    const [left, right] = [new Map(flatten(a?.state.model ?? {})), new Map(flatten(b?.state.model ?? {}))];
    for (const [path, leaf] of flatten(both.state.model)) {
      const expected = [...leaf.data].map((_, i) =>
        Math.fround(
          (10 * (left.get(path)?.data[i] ?? Number.NaN) + 30 * (right.get(path)?.data[i] ?? Number.NaN)) / 40,
        ),
      );
      expect([...leaf.data]).toEqual(expected);
    }
  });

  it("learns", async () => {
    const spec = tinySpec({ rounds: 8 });
    const { history } = await result({ spec, parties: tinyParties([40, 60, 20]) });
    expect(history.at(-1)?.trainLoss).toBeLessThan(0.8 * (history[0]?.trainLoss ?? 0));
  });

  it("starts a round with a fresh optimiser, also where the party was dropped in the middle of the one before", async () => {
    const spec = tinySpec({ task: { ...TINY_TASK, optimizer: { kind: "sgd", momentum: 0.9 } } });
    const task = buildTask(spec.task);
    const algorithm = averaging("halves", { localSteps: 4 }, () => [2, 4]);
    const executor = await inlineExecutor(algorithm, task, engine);
    const { model } = initialCheckpoint(spec).state;
    const [party] = tinyParties([20]);
    if (party === undefined) throw new Error("there is one party");
    const train = (round: number, index: number, privateState: PrivateTree | undefined) =>
      executor.train({
        plan: { round, steps: 4 },
        segment: { party: "a", index, from: 2 * index, to: 2 * index + 2 },
        model,
        privateState,
        key: federationKeys(spec.seed).party("a"),
        secret: federationKeys(spec.seed).simulatedSecret("a"),
        data: party.train,
      });
    const dropped = await train(1, 0, undefined);
    expect(flatten(openPrivate(dropped.privateState)).map(([path]) => path)).toEqual([
      "optimizer.momentum.fc1.bias",
      "optimizer.momentum.fc1.weight",
    ]);
    const [stale, fresh] = [await train(2, 0, dropped.privateState), await train(2, 0, undefined)];
    expect(flatten(stale.update)).toEqual(flatten(fresh.update));
    // Within a round the velocity is kept, and at its end nothing is.
    const [kept, lost] = [await train(2, 1, fresh.privateState), await train(2, 1, undefined)];
    expect(flatten(kept.update)).not.toEqual(flatten(lost.update));
    expect(flatten(openPrivate(kept.privateState))).toEqual([]);
  });

  it("follows the schedule of the learning rate by round", async () => {
    const still = { kind: "linear", rounds: 1 };
    const spec = (rounds: number) => tinySpec({ rounds, task: { ...TINY_TASK, schedule: still } });
    const parties = tinyParties([20, 20]);
    const [one, three] = [await result({ spec: spec(1), parties }), await result({ spec: spec(3), parties })];
    // The rate is 0 from the second round on.
    expect(flatten(three.state.model)).toEqual(flatten(one.state.model));
    expect(flatten(one.state.model)).not.toEqual(flatten(initialCheckpoint(spec(1)).state.model));
  });
});

describe("the draw of active parties", () => {
  const candidates = Array.from({ length: 10 }, (_, i) => ({ id: `p${i}`, examples: i + 1 }));
  const state = { model: {} } as CoordinatorState;
  const draw = (activeParties: number | undefined, seed: number) =>
    fedavg({ localSteps: 5, activeParties }).select(state, {
      round: 2,
      candidates,
      parties: candidates,
      key: key(seed),
    });

  it("takes so many, in party order, with their examples", () => {
    const plan = draw(4, 1);
    expect(plan).toMatchObject({ round: 2, steps: 5 });
    expect(plan.members).toHaveLength(4);
    const ids = plan.members.map(({ party }) => party);
    expect(ids).toEqual([...ids].sort());
    for (const { party, examples, exchanges } of plan.members) {
      expect(examples).toBe(Number(party.slice(1)) + 1);
      expect(exchanges).toEqual([5]);
    }
  });

  it("takes all where there is no limit, or fewer than the limit", () => {
    expect(draw(undefined, 1).members).toHaveLength(10);
    expect(draw(99, 1).members).toHaveLength(10);
  });

  it("is a function of the key, and fair", () => {
    expect(draw(3, 7)).toEqual(draw(3, 7));
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 1000; seed++) {
      for (const { party } of draw(3, seed).members) counts.set(party, (counts.get(party) ?? 0) + 1);
    }
    // Binomial(1000, 0.3): 300 ± 14.5.
    for (const { id } of candidates) expect(Math.abs((counts.get(id) ?? 0) - 300)).toBeLessThan(60);
  });
});

describe("an update that must not be merged", () => {
  const algorithm = fedavg({ localSteps: 1 });
  const model: Tree<Tensor> = { fc1: { weight: float32([4, 3], Array(12).fill(0)), bias: float32([3], [0, 0, 0]) } };
  const fc1 = model.fc1 as Record<string, Tensor>;
  const check = (update: Tree<Tensor>) => () => algorithm.checkUpdate({ model }, update);
  const withWeight = (weight: Tensor) => check({ fc1: { ...fc1, weight } });

  it("is told from a good one", () => {
    check(model)();
    check(mapTree(model, ({ shape }) => float32(shape, Array(shape.reduce((a, b) => a * b)).fill(-1e38))))();
  });

  it("has tensors missing, or more than the model, or other names", () => {
    expect(check({ fc1: { bias: fc1.bias as Tensor } })).toThrow('update: tensor "fc1.weight" is missing');
    expect(check({})).toThrow(TypeError);
    expect(check({ ...model, extra: float32([], [1]) })).toThrow('update: no tensor "extra" is expected');
    expect(check({ FC1: model.fc1 as Tree<Tensor> })).toThrow('no tensor "FC1.bias" is expected');
  });

  it("has tensors of another shape or dtype", () => {
    expect(withWeight(zeros("float32", [3, 4]))).toThrow(
      'update: "fc1.weight" is float32[3, 4], expected float32[4, 3]',
    );
    expect(withWeight(zeros("float32", [12]))).toThrow("float32[12]");
    expect(withWeight(zeros("float64", [4, 3]))).toThrow('"fc1.weight" is float64[4, 3], expected float32[4, 3]');
    expect(withWeight(int32([4, 3], Array(12).fill(0)))).toThrow("int32[4, 3]");
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("holds %s", (value) => {
    const weight = tensor("float32", [4, 3], new Float32Array(12).fill(1).with(7, value));
    const run = withWeight(weight);
    expect(run).toThrow(TypeError);
    expect(run).toThrow(`update: "fc1.weight" holds ${value} at element 7; values must be finite`);
  });
});
