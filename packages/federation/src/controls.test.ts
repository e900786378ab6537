import type { Engine } from "@concord/engine";
import { flatten, portableEngine } from "@concord/engine";
import { buildTask } from "@concord/learning";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { finished } from "../test/lines.ts";
import { TINY_MODEL_BYTES, TINY_TASK, tinyParties, tinySpec } from "../test/tiny-federation.ts";
import { equalByteExchanges, evenExchanges, fedavgInner, fedavgShort, totalLocalSteps } from "./controls.ts";
import { openPrivate } from "./private-tree.ts";
import { algorithmOf } from "./registry.ts";
import type { Checkpoint } from "./simulator.ts";
import { evaluationIsDue, initialCheckpoint } from "./simulator.ts";
import type { FederationSpec } from "./spec.ts";
import { federationSpecSchema } from "./spec.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

const modelOf = ({ state }: Checkpoint) => flatten(state.model);
const trainTrafficOf = ({ traffic }: Checkpoint) => [...traffic].map(([party, { train }]) => [party, train]);

/** What the plans of a federation say, without training: exchanges and local steps of all parties. */
function planned(spec: FederationSpec) {
  const algorithm = algorithmOf(spec.algorithm);
  const { state } = initialCheckpoint(spec, algorithm);
  const parties = Array.from({ length: 100 }, (_, i) => ({ id: `p${String(i).padStart(2, "0")}`, examples: 600 }));
  let [exchanges, steps] = [0, 0];
  /** Local steps of a member at the end of each round. */
  const ends: number[] = [];
  const evaluated: number[] = [];
  for (let round = 1; round <= spec.rounds; round++) {
    const plan = algorithm.select(state, {
      round,
      candidates: parties,
      parties,
      key: { high: 1n, low: BigInt(round) },
    });
    ends.push((ends.at(-1) ?? 0) + plan.steps);
    for (const member of plan.members) {
      exchanges += member.exchanges.length;
      steps += plan.steps;
    }
    if (evaluationIsDue(spec, round)) evaluated.push(ends.at(-1) ?? 0);
  }
  return { exchanges, steps, ends, evaluated };
}

describe("the controls at equal bytes", () => {
  const T = 250;
  const rounds = 60;
  const spec = tinySpec({
    algorithm: { kind: "fedavg", localSteps: T, activeParties: 10 },
    rounds,
    evaluation: { every: 2 },
  });

  // Mean sizes of the fast group, and exchanges of the levels b, c and g in 250 steps.
  describe.each([
    ["b-g, p = 0.6", 5.9, 63],
    ["c-g, p = 0.9", 6.6, 16],
  ])("%s", (_, size, fast) => {
    const shares = [
      { parties: size, exchanges: fast },
      { parties: 10 - size, exchanges: 1 },
    ];
    const exchanges = equalByteExchanges(shares);
    const compared = rounds * (size * fast + (10 - size));

    it.each([
      ["fedavg-inner", fedavgInner(spec, exchanges)],
      ["fedavg-short", fedavgShort(spec, exchanges)],
    ])("%s has the bytes within 3 % and the local steps exactly", (kind, control) => {
      expect(control.algorithm.kind).toBe(kind);
      const plan = planned(control);
      expect(Math.abs(plan.exchanges / compared - 1)).toBeLessThan(0.03);
      expect(plan.steps).toBe(10 * T * rounds);
      expect(totalLocalSteps(control)).toBe(T * rounds);
      expect(federationSpecSchema.parse(control)).toEqual(control);
    });

    it("is evaluated after the same local steps", () => {
      const { evaluated } = planned(spec);
      expect(evaluated).toHaveLength(30);
      expect(planned(fedavgInner(spec, exchanges)).evaluated).toEqual(evaluated);
      expect(planned(fedavgShort(spec, exchanges)).evaluated).toEqual(evaluated);
    });

    it("has rounds of fedavg-short that differ by one step at most", () => {
      const { ends } = planned(fedavgShort(spec, exchanges));
      const lengths = new Set(ends.map((end, i) => end - (ends[i - 1] ?? 0)));
      expect(lengths.size).toBe(2);
      expect(Math.max(...lengths) - Math.min(...lengths)).toBe(1);
    });
  });

  it("is the mean of a member's exchanges, for any number of levels", () => {
    const shares = [
      { parties: 2, exchanges: 63 },
      { parties: 3, exchanges: 16 },
      { parties: 5, exchanges: 1 },
    ];
    expect(equalByteExchanges(shares)).toBe(Math.round(17.9));
    expect(equalByteExchanges([{ parties: 10, exchanges: 0.2 }])).toBe(1);
  });

  it.each([
    [[]],
    [[{ parties: 0, exchanges: 5 }]],
    [[{ parties: -1, exchanges: 5 }]],
    [[{ parties: 1, exchanges: Number.NaN }]],
  ])("cannot be worked out from %o", (shares) => {
    expect(() => equalByteExchanges(shares)).toThrow(RangeError);
  });

  it.each([0, 1.5, 251, Number.NaN])("cannot exchange %s times in 250 steps", (exchanges) => {
    for (const control of [fedavgInner, fedavgShort]) {
      expect(() => control(spec, exchanges)).toThrow(
        `exchanges must be a whole number from 1 to the 250 local steps, got ${exchanges}`,
      );
    }
  });
});

describe("evenly spread exchanges", () => {
  it("are as even as whole numbers allow", () => {
    expect(evenExchanges(10, 1)).toEqual([10]);
    expect(evenExchanges(10, 5)).toEqual([2, 4, 6, 8, 10]);
    expect(evenExchanges(10, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 400 }), (a, b) => {
        const [T, E] = [Math.max(a, b), Math.min(a, b)];
        const steps = evenExchanges(T, E);
        const gaps = steps.map((step, i) => step - (steps[i - 1] ?? 0));
        expect(steps).toHaveLength(E);
        expect(steps.at(-1)).toBe(T);
        expect(Math.min(...gaps)).toBe(Math.floor(T / E));
        expect(Math.max(...gaps)).toBe(Math.ceil(T / E));
      }),
    );
  });
});

describe("fedavg-inner", () => {
  const parties = tinyParties([20, 11, 30]);
  const run = (algorithm: object, task: object = TINY_TASK) =>
    finished(engine, tinySpec({ algorithm, task, rounds: 2 }), parties);

  it("with one exchange is FedAvg, with T of them FedSGD, to the bit", async () => {
    const task = { ...TINY_TASK, optimizer: { kind: "sgd", momentum: 0.9 } };
    const inner = async (exchanges: number) =>
      modelOf(await run({ kind: "fedavg-inner", localSteps: 6, exchanges, activeParties: 2 }, task));
    const other = async (kind: string) => modelOf(await run({ kind, localSteps: 6, activeParties: 2 }, task));
    expect(await inner(1)).toEqual(await other("fedavg"));
    expect(await inner(6)).toEqual(await other("fedsgd"));
    expect(await inner(2)).not.toEqual(await other("fedavg"));
  });

  it("pays for E models up and down by each member of a round", async () => {
    const { traffic } = await run({ kind: "fedavg-inner", localSteps: 7, exchanges: 3 });
    for (const { train } of traffic.values()) {
      expect(train).toMatchObject({ payloadUp: 2 * 3 * TINY_MODEL_BYTES, payloadDown: 2 * 3 * TINY_MODEL_BYTES });
    }
    expect(traffic.size).toBe(3);
  });
});

describe("fedavg-short", () => {
  const parties = tinyParties([20, 11, 30]);
  const T = 6;

  it.each([1, 2, 3, 6])(
    "with %s exchanges, which divide T, is FedAvg of T/E steps in E times the rounds",
    async (E) => {
      const base = { task: { ...TINY_TASK, optimizer: { kind: "sgd", momentum: 0.9 } }, rounds: 2 };
      const short = fedavgShort(
        tinySpec({ ...base, algorithm: { kind: "fedavg", localSteps: T, activeParties: 2 } }),
        E,
      );
      expect(short.rounds).toBe(2 * E);
      const plain = tinySpec({
        ...base,
        rounds: 2 * E,
        algorithm: { kind: "fedavg", localSteps: T / E, activeParties: 2 },
      });
      const [a, b] = [await finished(engine, short, parties), await finished(engine, plain, parties)];
      expect(modelOf(a)).toEqual(modelOf(b));
      expect(trainTrafficOf(a)).toEqual(trainTrafficOf(b));
    },
  );

  it("of one party without momentum is FedAvg whatever E is: the same batches at the same rates", async () => {
    const alone = tinyParties([17]);
    const schedule = { kind: "cosine", rounds: 3, floor: 0.1 };
    const spec = tinySpec({ task: { ...TINY_TASK, schedule }, algorithm: { kind: "fedavg", localSteps: 10 } });
    const averaged = modelOf(await finished(engine, spec, alone));
    for (const E of [3, 4, 7, 10]) {
      expect(modelOf(await finished(engine, fedavgShort(spec, E), alone))).toEqual(averaged);
      expect(modelOf(await finished(engine, fedavgInner(spec, E), alone))).toEqual(averaged);
    }
    // A rate that stood still would show.
    const still = tinySpec({ algorithm: { kind: "fedavg", localSteps: 10 } });
    expect(modelOf(await finished(engine, still, alone))).not.toEqual(averaged);
  });

  it("draws its parties anew after each exchange and keeps nothing of a party", async () => {
    const task = { ...TINY_TASK, optimizer: { kind: "sgd", momentum: 0.9 } };
    const spec = tinySpec({ task, algorithm: { kind: "fedavg", localSteps: 10, activeParties: 1 }, rounds: 4 });
    const { history, privateStates } = await finished(engine, fedavgShort(spec, 4), parties);
    expect(new Set(history.map(({ members }) => members.join()))).toEqual(new Set(["a", "b", "c"]));
    for (const state of privateStates.values()) expect(flatten(openPrivate(state))).toEqual([]);
  });

  it("leaves the task as it is", () => {
    const spec = tinySpec({ task: { ...TINY_TASK, schedule: { kind: "cosine", rounds: 3 } } });
    expect(fedavgShort(spec, 3).task).toBe(spec.task);
    expect(buildTask(spec.task).rateAt(3)).toBeLessThan(spec.task.learningRate);
  });
});
