import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten, key, portableEngine } from "@concord/engine";
import type { Dataset } from "@concord/learning";
import { batches, buildTask, gather } from "@concord/learning";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { descend } from "../test/softmax-descent.ts";
import {
  clouds,
  shuffled,
  TINY_MLP,
  TINY_MODEL_BYTES,
  TINY_TASK,
  tinyParties,
  tinySpec,
} from "../test/tiny-federation.ts";
import type { Algorithm, CoordinatorState, MergeContext } from "./algorithm.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Level } from "./dynamicfl/intervals.ts";
import { INTERVALS, LEVELS } from "./dynamicfl/intervals.ts";
import { dynamicfl } from "./dynamicfl.ts";
import { inlineExecutor } from "./executor.ts";
import { federationKeys } from "./keys.ts";
import type { PartyProfile } from "./party.ts";
import type { RoundPlan } from "./plan.ts";
import { checkPlan } from "./plan.ts";
import { algorithmOf } from "./registry.ts";
import type { Checkpoint, SimulatedParty, Simulation } from "./simulator.ts";
import { initialCheckpoint, simulate } from "./simulator.ts";
import type { AlgorithmSpec, FederationSpec } from "./spec.ts";
import { algorithmSpecSchema } from "./spec.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

interface Watched {
  readonly last: Checkpoint;
  readonly plans: readonly RoundPlan[];
  readonly merges: readonly MergeContext[];
}

/** Simulates to the end and notes what was planned and merged on the way. */
async function watch(simulation: Omit<Simulation, "executor" | "algorithm">): Promise<Watched> {
  const { spec } = simulation;
  const inner = algorithmOf(spec.algorithm);
  const plans: RoundPlan[] = [];
  const merges: MergeContext[] = [];
  const algorithm: Algorithm = {
    ...inner,
    select(state, context) {
      const plan = inner.select(state, context);
      plans.push(plan);
      return plan;
    },
    merge(state, exchange) {
      merges.push(exchange);
      return inner.merge(state, exchange);
    },
  };
  const executor = await inlineExecutor(algorithm, buildTask(spec.task), engine);
  let last = simulation.from ?? initialCheckpoint(spec);
  for await (const checkpoint of simulate({ ...simulation, algorithm, executor })) last = checkpoint;
  return { last, plans, merges };
}

const MOMENTUM = { ...TINY_MLP, optimizer: { kind: "sgd", momentum: 0.9, nesterov: true } };

function spec(algorithm: object, overrides: object = {}): FederationSpec {
  return tinySpec({ algorithm: { kind: "dynamicfl", levels: ["b", "g"], p: 0.5, ...algorithm }, ...overrides });
}

/** A party of this one label. */
function oneLabel(id: string, label: number, size: number): SimulatedParty {
  const { inputs, y, ...rest }: Dataset = clouds(8 * size, id);
  const rows = Int32Array.from([...y.data.keys()].filter((row) => y.data[row] === label).slice(0, size));
  const picked = gather({ ...rest, inputs, y }, rows);
  return {
    id,
    train: {
      ...rest,
      size,
      inputs: { kind: "float32", data: picked.x.data as Float32Array<ArrayBuffer> },
      y: picked.y,
    },
  } as SimulatedParty;
}

const values = (tree: Tree<Tensor>) => flatten(tree).map(([path, { data }]) => [path, [...data]] as const);

describe("DynamicFL at one interval for all", () => {
  it.each<[string, object]>([
    ["everybody slow, level g", { levels: ["a", "g"], p: 0 }],
    ["everybody fast, at a level longer than the round", { levels: ["f", "g"], p: 1 }],
    ["some fast, at levels that are both longer than the round", { levels: ["e", "g"], p: 0.5 }],
  ])("is federated averaging to the bit, messages included: %s", async (_, algorithm) => {
    const parties = tinyParties([10, 30, 20, 15, 25]);
    const shared = { localSteps: 6, activeParties: 3 };
    const rounds = 4;
    const found = await watch({ spec: spec({ ...shared, ...algorithm }, { task: MOMENTUM, rounds }), parties });
    const averaged = tinySpec({ task: MOMENTUM, algorithm: { kind: "fedavg", ...shared }, rounds });
    const expected = await watch({ spec: averaged, parties });
    expect(values(found.last.state.model)).toEqual(values(expected.last.state.model));
    expect(found.last.traffic).toEqual(expected.last.traffic);
    expect(found.plans.map(({ members }) => members)).toEqual(expected.plans.map(({ members }) => members));
  });

  it("is large-batch gradient descent on the mean gradient at level a, but for its last double step", async () => {
    const T = 9;
    const parties = tinyParties([20, 20, 20, 20]);
    const federation = spec({ localSteps: T, levels: ["a", "g"], p: 1 }, { rounds: 1 });
    const { last, merges } = await watch({ spec: federation, parties });
    expect(merges.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 9]);

    // One model on all batches together for T − 2 steps; then each party two steps of its own, and the mean of the four.
    const { model } = initialCheckpoint(federation).state;
    const initial = new Map(flatten(model));
    const read = (path: string) => Float64Array.from((initial.get(path) as Tensor).data);
    const central = { weight: read("fc1.weight"), bias: read("fc1.bias") };
    const keys = federationKeys(federation.seed);
    const draws = parties.map(({ id, train }) => {
      const rows = batches({ key: keys.party(id), examples: train.size, batchSize: TINY_TASK.batchSize });
      return (step: number) => gather(train, rows(step));
    });
    const rate = TINY_TASK.learningRate;
    for (let t = 0; t < T - 2; t++)
      descend(
        central.weight,
        central.bias,
        draws.map((draw) => draw(t)),
        rate,
      );
    const own = draws.map((draw) => {
      const [weight, bias] = [central.weight.slice(), central.bias.slice()];
      for (let t = T - 2; t < T; t++) descend(weight, bias, [draw(t)], rate);
      return { weight, bias };
    });
    const mean = (pick: (part: (typeof own)[number]) => Float64Array) =>
      pick(central as (typeof own)[number]).map((_, i) => own.reduce((sum, part) => sum + (pick(part)[i] ?? 0) / 4, 0));
    const expected = { "fc1.bias": mean(({ bias }) => bias), "fc1.weight": mean(({ weight }) => weight) };
    for (const [path, found] of values(last.state.model)) {
      const want = expected[path as keyof typeof expected];
      expect(found).toHaveLength(want.length);
      for (const [i, value] of found.entries()) expect(Math.abs(value - (want[i] ?? Number.NaN))).toBeLessThan(1e-5);
    }
  });

  it("keeps the momentum over its exchanges and loses it at the end of a round", async () => {
    // Alone a party has nothing to average: exchanges that kept the momentum have changed nothing.
    const [alone] = tinyParties([20]);
    if (alone === undefined) throw new Error("there is one party");
    const run = async (algorithm: object) =>
      values(
        (await watch({ spec: tinySpec({ task: MOMENTUM, algorithm, rounds: 2 }), parties: [alone] })).last.state.model,
      );
    const found = await run({ kind: "dynamicfl", localSteps: 10, levels: ["b", "g"], p: 1 });
    expect(found).toEqual(await run({ kind: "fedavg", localSteps: 10 }));
    expect(found).not.toEqual(await run({ kind: "fedavg", localSteps: 5 }));
  });
});

describe("a round at two levels", () => {
  const parties = [oneLabel("a", 0, 20), oneLabel("b", 1, 20), oneLabel("c", 2, 20), oneLabel("d", 2, 20)];
  const federation = spec({ localSteps: 10, p: 0.75 }, { task: MOMENTUM, rounds: 1 });

  it("chooses the group by its labels and writes it into the plan", async () => {
    const { plans } = await watch({ spec: federation, parties });
    const group = plans[0]?.group;
    // The whole is (1/4, 1/4, 1/2); nearest with at most three parties is one of each label.
    expect(group?.parties).toSatisfy((names: string[]) => /^a,b,[cd]$/.test(names.join()));
    expect(group?.divergence).toBeCloseTo((2 / 3) * Math.log(4 / 3) + (1 / 3) * Math.log(2 / 3), 12);
    for (const { party, exchanges } of plans[0]?.members ?? []) {
      expect(exchanges).toEqual(group?.parties.includes(party) ? [4, 8, 10] : [10]);
    }
  });

  it("merges only the parties that are due, by their examples", async () => {
    const { plans, merges } = await watch({ spec: federation, parties });
    const group = plans[0]?.group?.parties;
    expect(merges.map(({ step, last, updates }) => [step, last, updates.map(({ party }) => party)])).toEqual([
      [4, false, group],
      [8, false, group],
      [10, true, ["a", "b", "c", "d"]],
    ]);
  });

  it("does not disturb a slow party: it sends what it would have sent in a round of federated averaging", async () => {
    const { plans, merges } = await watch({ spec: federation, parties });
    const slow = plans[0]?.members.find(({ exchanges }) => exchanges.length === 1)?.party;
    const averaged = tinySpec({ task: MOMENTUM, algorithm: { kind: "fedavg", localSteps: 10 }, rounds: 1 });
    const alone = await watch({ spec: averaged, parties });
    const update = (of: Watched["merges"]) =>
      of.at(-1)?.updates.find(({ party }) => party === slow)?.tensors as Tree<Tensor>;
    expect(values(update(merges))).toEqual(values(update(alone.merges)));
  });

  it("has members for the fast ones alone where the slow ones are idle", async () => {
    const idle = spec({ localSteps: 10, p: 0.75, slow: "idle" }, { task: MOMENTUM, rounds: 3 });
    const { plans, last } = await watch({ spec: idle, parties });
    for (const { members, group } of plans) expect(members.map(({ party }) => party)).toEqual(group?.parties);
    const worked = new Set(plans.flatMap(({ members }) => members.map(({ party }) => party)));
    expect(new Set(last.traffic.keys())).toEqual(worked);
    // Where nobody may be fast, all work as slow ones do.
    const none = await watch({ spec: spec({ localSteps: 5, p: 0, slow: "idle" }, { rounds: 1 }), parties });
    expect(none.plans[0]?.members).toHaveLength(4);
    expect(none.plans[0]?.group).toBeUndefined();
  });

  it("is the same whatever the order in which parties are listed, and goes on from a checkpoint to the bit", async () => {
    for (const rules of [
      { budget: "party", fairness: { cap: 0.5 } },
      { slow: "added", levels: ["b", "d", "g"], p: undefined, ratios: [0.3, 0.4, 0.3] },
      { slow: "anchored" },
    ]) {
      const long = spec({ localSteps: 6, activeParties: 3, ...rules }, { task: MOMENTUM, rounds: 6 });
      const whole = await watch({ spec: long, parties });
      const listed = await watch({ spec: long, parties: shuffled(parties, 5) });
      expect(listed.last.state).toEqual(whole.last.state);
      const half = await watch({ spec: { ...long, rounds: 3 }, parties });
      const from = decodeCheckpoint(encodeCheckpoint(half.last, long), long);
      const resumed = await watch({ spec: long, parties, from });
      expect(flatten(resumed.last.state)).toEqual(flatten(whole.last.state));
      expect([...half.plans, ...resumed.plans]).toEqual(whole.plans);
    }
  }, 60_000);
});

describe("the cost of DynamicFL", () => {
  const EXCHANGES = (level: Level, T: number) => Math.floor(Math.max(0, T - 2) / INTERVALS[level]) + 1;

  it("counted from the messages is the formula, for each party, up and down", async () => {
    const cases = fc.record({
      T: fc.integer({ min: 1, max: 12 }),
      pair: fc.subarray([...LEVELS], { minLength: 2, maxLength: 2 }),
      p: fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10),
      budget: fc.constantFrom("server", "party"),
      slow: fc.constantFrom("published", "idle", "added", "anchored"),
      activeParties: fc.integer({ min: 1, max: 5 }),
      seed: fc.nat(1000),
    });
    const parties = tinyParties([7, 12, 9, 5, 20]);
    const property = fc.asyncProperty(cases, async ({ T, pair, p, budget, slow, activeParties, seed }) => {
      const [fast, slower] = pair as [Level, Level];
      const algorithm = { localSteps: T, levels: pair, p, budget, slow, activeParties };
      const { last, plans } = await watch({ spec: spec(algorithm, { rounds: 2, seed }), parties });
      const expected = new Map<string, number>();
      let round = 0;
      for (const { members, group } of plans) {
        const S = group?.parties ?? [];
        for (const { party } of members) {
          const E = EXCHANGES(S.includes(party) ? fast : slower, T);
          expected.set(party, (expected.get(party) ?? 0) + TINY_MODEL_BYTES * E);
        }
        const rest =
          (slow === "idle" || slow === "anchored") && S.length > 0 ? 0 : Math.min(activeParties, 5) - S.length;
        round += TINY_MODEL_BYTES * (S.length * EXCHANGES(fast, T) + rest * EXCHANGES(slower, T));
      }
      for (const [party, { train }] of last.traffic) {
        const bytes = expected.get(party) ?? 0;
        expect([train.payloadUp, train.payloadDown]).toEqual([bytes, bytes]);
      }
      for (const party of expected.keys()) expect(last.traffic.has(party)).toBe(true);
      expect([...expected.values()].reduce((a, b) => a + b, 0)).toBe(round);
    });
    await fc.assert(property, { numRuns: 25 });
  }, 60_000);

  it.each([
    ["a", 0.3, 0.3016],
    ["a", 0.6, 0.5992],
    ["a", 0.9, 0.8968],
    ["b", 0.3, 0.0784],
    ["b", 0.6, 0.1528],
    ["b", 0.9, 0.2272],
    ["c", 0.3, 0.022],
    ["c", 0.6, 0.04],
    ["c", 0.9, 0.058],
    ["d", 0.3, 0.0124],
    ["d", 0.6, 0.0208],
    ["d", 0.9, 0.0292],
  ])("is the published ratio with a full group: %s-g, p = %s", (level, p, ratio) => {
    // Ten parties of one class each: the group is as large as it may be.
    const profiles = Array.from({ length: 10 }, (_, i) => profile(`p${i}`, i, 500));
    const plan = planOf({ localSteps: 250, levels: [level, "g"], p }, profiles);
    const exchanges = plan.members.reduce((sum, member) => sum + member.exchanges.length, 0);
    expect(exchanges / (10 * 250)).toBeCloseTo(ratio, 12);
  });
});

describe("a party without labels", () => {
  it("is unfit for the federation, and the field is named", () => {
    const algorithm = dynamicflOf({ localSteps: 5 });
    expect(algorithm.unfit?.({ id: "a", examples: 5 })).toMatchObject({
      field: "labels",
      problem: expect.stringContaining("is missing"),
    });
    expect(algorithm.unfit?.(profile("a", 0, 5))).toBeUndefined();
    expect(() => planOf({ localSteps: 5 }, [profile("a", 0, 5), { id: "b", examples: 5 }])).toThrow(
      'party "b": labels is missing',
    );
  });

  it("cannot be helped where the task has none: the specification is refused", () => {
    const regression = { ...TINY_TASK, outputs: 1, loss: "mse" };
    expect(() => spec({ localSteps: 5 }, { task: regression })).toThrow("chooses by the counts of labels");
    const assignment = { parties: {}, default: "b" };
    expect(() => spec({ localSteps: 5, p: undefined, assignment }, { task: regression })).not.toThrow();
  });

  it("can be given shares from elsewhere", () => {
    const stated: AlgorithmSpec = algorithmSpecSchema.parse({
      kind: "dynamicfl",
      localSteps: 5,
      levels: ["a", "g"],
      p: 0.5,
    });
    if (stated.kind !== "dynamicfl") throw new Error("it says dynamicfl");
    const shares = new Map([
      ["a", [1, 0]],
      ["b", [0.5, 0.5]],
    ]);
    const algorithm = dynamicfl(stated, () => ({ whole: [0.5, 0.5], of: (party) => shares.get(party) ?? [] }));
    const candidates = [...shares.keys()].map((id) => ({ id, examples: 5 }));
    const state = { model: {} } as CoordinatorState;
    const plan = algorithm.select(state, { round: 1, candidates, parties: candidates, key: key(1) });
    expect(plan.group).toEqual({ parties: ["b"], divergence: 0 });
  });
});

describe("a cap on fast rounds", () => {
  it("holds for every party after every round, also for those who join later", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 }), fc.nat(), (tenths, seed) => {
        const cap = tenths / 10;
        const algorithm = dynamicflOf({ localSteps: 5, activeParties: 4, p: 0.5, fairness: { cap } });
        let state: CoordinatorState = { model: {}, turns: {} } as CoordinatorState;
        const counts = new Map<string, { rounds: number; fast: number }>();
        let everFast = 0;
        for (let round = 1; round <= 40; round++) {
          const joined = Math.min(12, 4 + Math.floor(round / 4));
          const candidates = Array.from({ length: joined }, (_, i) => profile(`party.${i + 10}`, i % 3, 10));
          const plan = algorithm.select(state, { round, candidates, parties: candidates, key: key(seed + round) });
          checkPlan(plan);
          state = algorithm.finish(state, { plan, completed: [] });
          for (const { party } of plan.members) {
            const { rounds, fast } = counts.get(party) ?? { rounds: 0, fast: 0 };
            const now = plan.group?.parties.includes(party) ? 1 : 0;
            everFast += now;
            counts.set(party, { rounds: rounds + 1, fast: fast + now });
            expect(fast + now).toBeLessThanOrEqual(cap * (rounds + 1) + 1e-9);
          }
        }
        expect(everFast > 0).toBe(cap > 0.05);
        // What it goes by is in the state, under names without dots, as a checkpoint needs them.
        for (const [party, { rounds, fast }] of counts) {
          const name = party.replace(".", "%2E");
          expect([...((state.turns as Tree<Tensor>)[name] as Tensor).data]).toEqual([rounds, fast]);
        }
      }),
      { numRuns: 20 },
    );
  });
});

function profile(id: string, label: number, examples: number): PartyProfile {
  const labels = Array<number>(10).fill(0);
  labels[label] = examples;
  return { id, examples, labels };
}

function dynamicflOf(algorithm: object): Algorithm {
  return algorithmOf(algorithmSpecSchema.parse({ kind: "dynamicfl", levels: ["b", "g"], p: 0.5, ...algorithm }));
}

function planOf(algorithm: object, parties: readonly PartyProfile[]): RoundPlan {
  const state = { model: {} } as CoordinatorState;
  return dynamicflOf(algorithm).select(state, { round: 1, candidates: parties, parties, key: key(1) });
}
