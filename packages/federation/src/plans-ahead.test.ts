import type { Engine } from "@concord/engine";
import { portableEngine } from "@concord/engine";
import { buildTask } from "@concord/learning";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyParties, tinySpec } from "../test/tiny-federation.ts";
import { fedavgInner, fedavgShort } from "./controls.ts";
import { costRatio } from "./cost-ratio.ts";
import { inlineExecutor } from "./executor.ts";
import { exchangesForEqualBytes, plansAhead } from "./plans-ahead.ts";
import { algorithmOf } from "./registry.ts";
import type { Checkpoint } from "./simulator.ts";
import { profileOf, simulate } from "./simulator.ts";
import type { FederationSpec } from "./spec.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

const parties = tinyParties([10, 20, 30, 15, 25, 12]);
const profiles = parties.map(profileOf);

async function trained(spec: FederationSpec): Promise<Checkpoint> {
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), engine);
  let last: Checkpoint | undefined;
  for await (const checkpoint of simulate({ spec, parties, executor })) last = checkpoint;
  return last as Checkpoint;
}

async function ratioOf(spec: FederationSpec): Promise<number> {
  const train = (await trained(spec)).history.at(-1)?.traffic.train;
  return train ? costRatio(spec, parties.length, train) : Number.NaN;
}

const dynamic = (change: Record<string, unknown> = {}) =>
  tinySpec({
    algorithm: { kind: "dynamicfl", localSteps: 12, activeParties: 4, levels: ["b", "g"], p: 0.5, ...change },
    rounds: 3,
  });

describe("plans ahead of the training", () => {
  it.each([
    ["DynamicFL", dynamic()],
    ["DynamicFL with fair turns", dynamic({ fairness: { cap: 0.5 } })],
    ["FedAvg", tinySpec({ algorithm: { kind: "fedavg", localSteps: 4, activeParties: 3 } })],
  ])("are those of the training: %s", async (_name, spec) => {
    const { history } = await trained(spec);
    const plans = [...plansAhead(spec, profiles)];
    expect(plans.map(({ members }) => members.map(({ party }) => party))).toEqual(
      history.map(({ members }) => members),
    );
    expect(plans.map(({ group }) => group)).toEqual(history.map(({ group }) => group));
    expect(plans.map(({ members }) => members.reduce((sum, { exchanges }) => sum + exchanges.length, 0))).toEqual(
      history.map(({ exchanges }) => exchanges),
    );
  });
});

describe("the cost ratio", () => {
  it("is 1 with an exchange after every step and 1/T with one a round", async () => {
    const averaging = { localSteps: 5, activeParties: 3 };
    expect(await ratioOf(tinySpec({ algorithm: { kind: "fedsgd", ...averaging } }))).toBe(1);
    expect(await ratioOf(tinySpec({ algorithm: { kind: "fedavg", ...averaging } }))).toBe(1 / 5);
    expect(await ratioOf(tinySpec({ algorithm: { kind: "fedavg", localSteps: 5 } }))).toBe(1 / 5);
  });

  it("of controls at equal bytes is that of the algorithm, but for whole numbers of exchanges", async () => {
    // Level b makes 3 exchanges in 12 steps, level g one: between one and three for the mean member.
    const spec = dynamic();
    const exchanges = exchangesForEqualBytes(spec, profiles);
    const wanted = (await ratioOf(spec)) * 12;
    expect(Math.abs(wanted - exchanges)).toBeLessThanOrEqual(0.5);
    expect((await ratioOf(fedavgInner(spec, exchanges))) * 12).toBeCloseTo(exchanges, 12);
    expect((await ratioOf(fedavgShort(spec, exchanges))) * 12).toBeCloseTo(exchanges, 12);
  });

  it.each([
    ["b", 0.6],
    ["c", 0.9],
  ])("of controls is within 0.03 of that of %s-g, p %s, with one class a party", (fast, p) => {
    const hundred = Array.from({ length: 100 }, (_, i) => ({
      id: `party-${String(i).padStart(3, "0")}`,
      examples: 600,
      labels: Array.from({ length: 10 }, (_, label) => (label === i % 10 ? 600 : 0)),
    }));
    for (const seed of [1, 2, 3]) {
      const levels = [fast, "g"];
      const algorithm = { kind: "dynamicfl", localSteps: 250, activeParties: 10, levels, p, search: "orders" };
      const spec = tinySpec({ algorithm, rounds: 60, seed });
      const exchanges = [...plansAhead(spec, hundred)].flatMap(({ members }) =>
        members.map((member) => member.exchanges.length),
      );
      const wanted = exchanges.reduce((sum, count) => sum + count, 0) / exchanges.length;
      expect(Math.abs(exchangesForEqualBytes(spec, hundred) / wanted - 1)).toBeLessThan(0.03);
    }
  });

  it("counts parties that were drawn but left out", async () => {
    const spec = dynamic({ slow: "idle" });
    const members = [...plansAhead(spec, profiles)].reduce((sum, plan) => sum + plan.members.length, 0);
    expect(members).toBeLessThan(3 * 4);
    expect(exchangesForEqualBytes(spec, profiles)).toBe(Math.max(1, Math.round((members * 3) / (3 * 4))));
  });
});
