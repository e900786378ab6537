import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten, float32, mapTree, portableEngine } from "@concord/engine";
import { buildTask } from "@concord/learning";
import { beforeAll, describe, expect, it } from "vitest";
import { clouds, shuffled, TINY_MODEL_BYTES, TINY_TASK, tinyParties, tinySpec } from "../test/tiny-federation.ts";
import type { Algorithm, MergeContext } from "./algorithm.ts";
import type { Executor, TrainJob } from "./executor.ts";
import { inlineExecutor } from "./executor.ts";
import { averaging } from "./fedavg.ts";
import { inPartyOrder } from "./party.ts";
import { algorithmOf } from "./registry.ts";
import type { Checkpoint, Simulation } from "./simulator.ts";
import { evaluationIsDue, profileOf, simulate } from "./simulator.ts";
import type { FederationSpec } from "./spec.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

const inline = (spec: FederationSpec, algorithm = algorithmOf(spec.algorithm)) =>
  inlineExecutor(algorithm, buildTask(spec.task), engine);

async function all(simulation: Simulation): Promise<Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  for await (const checkpoint of simulate(simulation)) checkpoints.push(checkpoint);
  return checkpoints;
}

/** Finishes several jobs at a time in an order of its own. */
function outOfOrder(executor: Executor): Executor {
  let n = 0;
  const later = async <T>(work: () => Promise<T>) => {
    n++;
    await new Promise((resolve) => setTimeout(resolve, [9, 1, 5, 0, 3][n % 5]));
    return work();
  };
  return {
    ...executor,
    parallel: 4,
    train: (job) => later(() => executor.train(job)),
    evaluate: (job) => later(() => executor.evaluate(job)),
  };
}

describe("a simulation", () => {
  it("yields after every round, with the members, the loss and the evaluation", async () => {
    const spec = tinySpec({ algorithm: { kind: "fedavg", localSteps: 2, activeParties: 2 }, rounds: 4 });
    const checkpoints = await all({ spec, parties: tinyParties([10, 20, 30]), executor: await inline(spec) });
    expect(checkpoints.map(({ round }) => round)).toEqual([1, 2, 3, 4]);
    const history = checkpoints.at(-1)?.history ?? [];
    expect(history.map(({ round }) => round)).toEqual([1, 2, 3, 4]);
    for (const { members, trainLoss, evaluation } of history) {
      expect(members).toHaveLength(2);
      expect(trainLoss).toBeGreaterThan(0);
      expect(evaluation?.examples).toBe(9);
      expect(evaluation?.accuracy).toBeGreaterThanOrEqual(0);
      expect(evaluation?.accuracy).toBeLessThanOrEqual(1);
    }
    // What was yielded stays as it was.
    expect(checkpoints[0]?.history).toHaveLength(1);
  });

  it("does not depend on the order in which parties are listed or finish", async () => {
    const spec = tinySpec({ algorithm: { kind: "fedsgd", localSteps: 3 } });
    const parties = tinyParties([10, 20, 30, 15, 25]);
    const executor = await inline(spec);
    const expected = (await all({ spec, parties, executor })).at(-1);
    for (const seed of [1, 2]) {
      const found = (await all({ spec, parties: shuffled(parties, seed), executor: outOfOrder(executor) })).at(-1);
      expect(found?.state).toEqual(expected?.state);
      expect(found?.history).toEqual(expected?.history);
      expect(found?.traffic).toEqual(expected?.traffic);
    }
  });

  it("depends on the seed", async () => {
    const parties = tinyParties([10, 20]);
    const run = async (seed: number) => {
      const spec = tinySpec({ seed, rounds: 1 });
      return (await all({ spec, parties, executor: await inline(spec) })).at(-1)?.state;
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it.each([
    { kind: "fedavg", localSteps: 4, exchanges: 1 },
    { kind: "fedsgd", localSteps: 4, exchanges: 4 },
  ])("counts payload as members × exchanges × model size, up and down: $kind", async ({ exchanges, ...algorithm }) => {
    const rounds = 3;
    const spec = tinySpec({ algorithm: { ...algorithm, activeParties: 2 }, rounds });
    const parties = tinyParties([10, 20, 30]);
    const last = (await all({ spec, parties, executor: await inline(spec) })).at(-1);
    const { train, evaluate } = last?.history.at(-1)?.traffic ?? {};
    const total = 2 * rounds * exchanges * TINY_MODEL_BYTES;
    expect(train).toMatchObject({ payloadUp: total, payloadDown: total, indexUp: 0, indexDown: 0 });
    expect((train?.payloadUp ?? 0) + (train?.payloadDown ?? 0)).toBe(2 * 2 * rounds * exchanges * TINY_MODEL_BYTES);
    // The wire carries headers on top.
    expect(train?.wireUp).toBeGreaterThan(total);
    // All three parties evaluate, and send no tensors back.
    expect(evaluate).toMatchObject({ payloadUp: 0, payloadDown: 3 * rounds * TINY_MODEL_BYTES, wireUp: 0 });
    // Party by party: as often as each was a member.
    for (const { id } of parties) {
      const rounds = last?.history.filter(({ members }) => members.includes(id)).length ?? 0;
      expect(last?.traffic.get(id)?.train.payloadUp ?? 0).toBe(rounds * exchanges * TINY_MODEL_BYTES);
    }
  });

  it("evaluates where and when the specification says", async () => {
    const parties = tinyParties([10, 20, 30]);
    const evaluation = { every: 2, parties: "members" };
    const spec = tinySpec({ algorithm: { kind: "fedavg", localSteps: 1, activeParties: 1 }, rounds: 5, evaluation });
    const history = (await all({ spec, parties, executor: await inline(spec) })).at(-1)?.history ?? [];
    expect(history.map((report) => report.evaluation?.examples)).toEqual([undefined, 3, undefined, 3, 3]);
    expect([1, 2, 3, 4, 5].filter((round) => evaluationIsDue(spec, round))).toEqual([2, 4, 5]);
  });

  it("uses the coordinator's test set where there is one, at no cost to the parties", async () => {
    const spec = tinySpec({ rounds: 1 });
    const test = clouds(50, "test");
    const [only] = await all({ spec, parties: tinyParties([10]), executor: await inline(spec), test });
    expect(only?.history[0]?.evaluation?.examples).toBe(50);
    expect(only?.history[0]?.traffic.evaluate.payloadDown).toBe(0);
  });

  it("has no accuracy where nobody holds anything out", async () => {
    const spec = tinySpec({ rounds: 1 });
    const parties = tinyParties([10]).map(({ id, train }) => ({ id, train }));
    const [only] = await all({ spec, parties, executor: await inline(spec) });
    expect(only?.history[0]?.evaluation).toEqual({ accuracy: null, loss: null, examples: 0, metrics: {} });
  });

  it("stops with the signal's reason, and starts no further job", async () => {
    const spec = tinySpec({ algorithm: { kind: "fedavg", localSteps: 1 } });
    const executor = await inline(spec);
    const controller = new AbortController();
    const reason = new Error("enough");
    let jobs = 0;
    const counting: Executor = {
      ...executor,
      train: (job) => {
        if (++jobs === 2) controller.abort(reason);
        return executor.train(job);
      },
    };
    const run = all({ spec, parties: tinyParties([9, 9, 9, 9, 9]), executor: counting, signal: controller.signal });
    await expect(run).rejects.toBe(reason);
    expect(jobs).toBe(2);
  });

  it("fails with the first failure of a party, and starts no further job", async () => {
    const spec = tinySpec();
    const executor = await inline(spec);
    let jobs = 0;
    const failing: Executor = {
      ...executor,
      parallel: 2,
      train: async (job) => {
        jobs++;
        if (job.segment.party === "b") throw new RangeError("b fell over");
        await new Promise((resolve) => setTimeout(resolve, 5));
        return executor.train(job);
      },
    };
    await expect(all({ spec, parties: tinyParties([9, 9, 9, 9]), executor: failing })).rejects.toThrow("b fell over");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(jobs).toBe(2);
  });

  it("refuses an update that the algorithm refuses", async () => {
    const spec = tinySpec();
    const executor = await inline(spec);
    const poisoned: Executor = {
      ...executor,
      train: async (job) => {
        const trained = await executor.train(job);
        return {
          ...trained,
          update: mapTree(trained.update, ({ shape, data }) => float32(shape, [...data].fill(NaN))),
        };
      },
    };
    await expect(all({ spec, parties: tinyParties([9]), executor: poisoned })).rejects.toThrow(
      'update: "fc1.bias" holds NaN at element 0',
    );
  });

  it("says which party's data do not fit the task", async () => {
    const spec = tinySpec({ task: { ...TINY_TASK, outputs: 2 } });
    const run = all({ spec, parties: tinyParties([9, 9]), executor: await inline(spec) });
    await expect(run).rejects.toThrow('party "a": data set "clouds train a" does not fit the task: it has 3 classes');
  });

  it("needs a party, each with a name of its own", async () => {
    const spec = tinySpec();
    const executor = await inline(spec);
    await expect(all({ spec, parties: [], executor })).rejects.toThrow("no members");
    const [party] = tinyParties([9]);
    await expect(all({ spec, parties: party ? [party, party] : [], executor })).rejects.toThrow('"a"');
  });
});

describe("a schedule of two levels", () => {
  /** Averages like FedAvg; "a" exchanges every four steps, "b" at the end only. */
  function twoLevels(merges: MergeContext[]): Algorithm {
    const base = averaging("two levels", { localSteps: 16 }, () => [16]);
    return {
      ...base,
      select(state, context) {
        const plan = base.select(state, context);
        const members = plan.members.map((member) =>
          member.party === "a" ? { ...member, exchanges: [4, 8, 12, 16] } : member,
        );
        return { ...plan, members };
      },
      merge(state, exchange) {
        merges.push(exchange);
        return base.merge(state, exchange);
      },
    };
  }

  it("gives each party the model of the start of its segment, and merges those who are due", async () => {
    const spec = tinySpec({ rounds: 2 });
    const merges: MergeContext[] = [];
    const algorithm = twoLevels(merges);
    const executor = await inline(spec, algorithm);
    const jobs: TrainJob[] = [];
    const recording: Executor = {
      ...executor,
      train: (job) => {
        jobs.push(job);
        return executor.train(job);
      },
    };
    const checkpoints = await all({ spec, parties: tinyParties([10, 30]), executor: recording, algorithm });

    expect(
      merges.map(({ round, step, last, updates }) => [round, step, last, ...updates.map(({ party }) => party)]),
    ).toEqual(
      [1, 2].flatMap((round) => [
        [round, 4, false, "a"],
        [round, 8, false, "a"],
        [round, 12, false, "a"],
        [round, 16, true, "a", "b"],
      ]),
    );
    const of = (party: string, round: number) =>
      jobs.filter((job) => job.segment.party === party && job.plan.round === round);
    const update = (at: number, n: number) => merges[at]?.updates[n]?.tensors as Tree<Tensor>;
    for (const round of [1, 2]) {
      const first = 4 * (round - 1);
      // "b" trains from the round's first model, however far "a" has come.
      const start = of("a", round)[0]?.model;
      expect(of("b", round)).toHaveLength(1);
      expect(flatten(of("b", round)[0]?.model ?? {})).toEqual(flatten(start ?? {}));
      expect(of("b", round)[0]?.segment).toMatchObject({ from: 0, to: 16 });
      // "a" alone is merged at 4, 8 and 12: it goes on from its own update.
      for (const index of [1, 2, 3]) {
        expect(of("a", round)[index]?.segment).toMatchObject({ index, from: 4 * index, to: 4 * index + 4 });
        expect(flatten(of("a", round)[index]?.model ?? {})).toEqual(flatten(update(first + index - 1, 0)));
      }
      // At 16 both are merged by their examples, 10 and 30.
      const [a, b] = [flatten(update(first + 3, 0)), flatten(update(first + 3, 1))];
      const merged = flatten(checkpoints[round - 1]?.state.model ?? {});
      for (const [i, [, leaf]] of merged.entries()) {
        const mean = [...leaf.data].map((_, k) =>
          Math.fround((10 * (a[i]?.[1].data[k] ?? Number.NaN) + 30 * (b[i]?.[1].data[k] ?? Number.NaN)) / 40),
        );
        expect([...leaf.data]).toEqual(mean);
      }
    }
    expect(checkpoints.at(-1)?.traffic.get("a")?.train.payloadUp).toBe(8 * TINY_MODEL_BYTES);
    expect(checkpoints.at(-1)?.traffic.get("b")?.train.payloadUp).toBe(2 * TINY_MODEL_BYTES);
  });
});

describe("small print", () => {
  it("declares examples and labels of a party", () => {
    const [party] = tinyParties([30]);
    if (party === undefined) throw new Error("there is one party");
    const { id, examples, labels } = profileOf(party);
    expect({ id, examples }).toEqual({ id: "a", examples: 30 });
    expect(labels?.reduce((sum, count) => sum + count, 0)).toBe(30);
  });

  it("orders parties by code unit, as nothing else is the same everywhere", () => {
    const ids = ["b", "a", "B", "ä", "a10", "a9"].map((id) => ({ id }));
    expect(inPartyOrder(ids).map(({ id }) => id)).toEqual(["B", "a", "a10", "a9", "b", "ä"]);
  });
});
