import type { Engine, Tensor } from "@concord/engine";
import { flatten, portableEngine } from "@concord/engine";
import { batches, buildTask, gather } from "@concord/learning";
import { beforeAll, describe, expect, it } from "vitest";
import { descend } from "../test/softmax-descent.ts";
import { TINY_MLP, TINY_TASK, tinyParties, tinySpec } from "../test/tiny-federation.ts";
import { inlineExecutor } from "./executor.ts";
import { federationKeys } from "./keys.ts";
import { algorithmOf } from "./registry.ts";
import type { Checkpoint, SimulatedParty } from "./simulator.ts";
import { initialCheckpoint, simulate } from "./simulator.ts";
import type { FederationSpec } from "./spec.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

async function result(spec: FederationSpec, parties: readonly SimulatedParty[]): Promise<Checkpoint> {
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), engine);
  let last = initialCheckpoint(spec);
  for await (const checkpoint of simulate({ spec, parties, executor })) last = checkpoint;
  return last;
}

const valuesOf = ({ state }: Checkpoint) => new Map(flatten(state.model).map(([path, leaf]) => [path, [...leaf.data]]));
const trainTraffic = ({ traffic }: Checkpoint) => new Map([...traffic].map(([party, { train }]) => [party, train]));

describe("federated SGD", () => {
  it.each([
    { steps: 20, rounds: 1 },
    { steps: 5, rounds: 4 },
  ])("is centralised SGD on the mean gradient: 20 steps in $rounds round(s)", async ({ steps, rounds }) => {
    const spec = tinySpec({ algorithm: { kind: "fedsgd", localSteps: steps }, rounds });
    const parties = tinyParties([23, 23, 23, 23]);
    const federated = valuesOf(await result(spec, parties));

    // Centralised: one model, each step on the batches of all parties together, in float64 and without a framework.
    const { model } = initialCheckpoint(spec).state;
    const initial = new Map(flatten(model));
    const weight = Float64Array.from((initial.get("fc1.weight") as Tensor).data);
    const bias = Float64Array.from((initial.get("fc1.bias") as Tensor).data);
    const keys = federationKeys(spec.seed);
    const draws = parties.map(({ id, train }) => {
      const rows = batches({ key: keys.party(id), examples: train.size, batchSize: spec.task.batchSize });
      return (step: number) => gather(train, rows(step));
    });
    for (let step = 0; step < 20; step++) {
      descend(
        weight,
        bias,
        draws.map((draw) => draw(step)),
        spec.task.learningRate,
      );
    }

    for (const [path, central] of [["fc1.weight", weight] as const, ["fc1.bias", bias] as const]) {
      for (const [i, value] of (federated.get(path) ?? []).entries()) {
        expect(Math.abs(value - (central[i] ?? Number.NaN))).toBeLessThan(1e-5);
      }
      expect(federated.get(path)).toHaveLength(central.length);
    }
    // It has gone somewhere meanwhile.
    const moved = weight.reduce(
      (most, w, i) => Math.max(most, Math.abs(w - ((initial.get("fc1.weight") as Tensor).data[i] ?? 0))),
      0,
    );
    expect(moved).toBeGreaterThan(0.1);
  });

  it.each([
    ["softmax regression", TINY_TASK, [23, 23, 23]],
    ["an MLP on parties of unequal size", TINY_MLP, [9, 40, 17]],
  ])("for T steps is T rounds of federated averaging with one step, to the bit: %s", async (_, task, sizes) => {
    const T = 7;
    const parties = tinyParties(sizes);
    const sgd = await result(tinySpec({ task, algorithm: { kind: "fedsgd", localSteps: T }, rounds: 1 }), parties);
    const avg = await result(tinySpec({ task, algorithm: { kind: "fedavg", localSteps: 1 }, rounds: T }), parties);
    expect(valuesOf(sgd)).toEqual(valuesOf(avg));
    expect(trainTraffic(sgd)).toEqual(trainTraffic(avg));
    // Two rounds of it go on where the first ended.
    const twice = await result(tinySpec({ task, algorithm: { kind: "fedsgd", localSteps: T }, rounds: 2 }), parties);
    const longer = await result(
      tinySpec({ task, algorithm: { kind: "fedavg", localSteps: 1 }, rounds: 2 * T }),
      parties,
    );
    expect(valuesOf(twice)).toEqual(valuesOf(longer));
  });

  it("keeps each party's velocity through a round, which rounds of one step do not", async () => {
    const task = { ...TINY_TASK, optimizer: { kind: "sgd", momentum: 0.9 } };
    const parties = tinyParties([20, 20]);
    const run = async (algorithm: object, rounds: number) =>
      valuesOf(await result(tinySpec({ task, algorithm, rounds }), parties));
    const kept = await run({ kind: "fedsgd", localSteps: 5 }, 1);
    expect(kept).not.toEqual(await run({ kind: "fedavg", localSteps: 1 }, 5));
    // With one party there is nothing to average: the exchanges within a round change nothing.
    const alone = tinyParties([20]);
    const [sgd, avg] = await Promise.all(
      ["fedsgd", "fedavg"].map((kind) =>
        result(tinySpec({ task, algorithm: { kind, localSteps: 5 }, rounds: 2 }), alone),
      ),
    );
    expect(valuesOf(sgd as Checkpoint)).toEqual(valuesOf(avg as Checkpoint));
  });
});
