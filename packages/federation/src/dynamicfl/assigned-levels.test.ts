import { portableEngine } from "@concord/engine";
import { buildTask } from "@concord/learning";
import { describe, expect, it } from "vitest";
import { TINY_MODEL_BYTES, tinyParties, tinySpec } from "../../test/tiny-federation.ts";
import { inlineExecutor } from "../executor.ts";
import { planIntervals } from "../planner/index.ts";
import { algorithmOf } from "../registry.ts";
import type { RoundReport } from "../simulator.ts";
import { profileOf, simulate } from "../simulator.ts";
import { algorithmSpecSchema } from "../spec.ts";
import { placeAsAssigned } from "./assigned-levels.ts";
import type { Level } from "./intervals.ts";
import { declaredLabels } from "./label-shares.ts";

const profile = (id: string, ...labels: number[]) => ({ id, examples: 10, ...(labels.length > 0 && { labels }) });

describe("an assignment", () => {
  const levels: readonly Level[] = ["b", "d", "g"];
  const place = (assignment: Parameters<typeof placeAsAssigned>[0], parties: readonly ReturnType<typeof profile>[]) =>
    placeAsAssigned(assignment, { levels, active: parties, parties, labelsOf: declaredLabels });

  it("gives each party its level, others the default, or else the slowest", () => {
    const parties = ["x", "y", "z"].map((id) => profile(id));
    const assigned: Readonly<Record<string, Level>> = { x: "b", y: "d" };
    expect([...place({ parties: assigned }, parties).levelOf]).toEqual([
      ["x", 0],
      ["y", 1],
      ["z", 2],
    ]);
    expect(place({ parties: assigned, default: "d" }, parties).levelOf.get("z")).toBe(1);
    // Names that every object knows are names like others.
    expect(place({ parties: assigned }, [profile("constructor")]).levelOf.get("constructor")).toBe(2);
  });

  it("has a group where some are faster than the rest and all share labels", () => {
    const parties = [profile("x", 10, 0), profile("y", 0, 10), profile("z", 10, 0), profile("zz", 0, 10)];
    const both: Readonly<Record<string, Level>> = { x: "d", y: "d" };
    expect(place({ parties: both }, parties).fast).toEqual({ parties: ["x", "y"], divergence: 0 });
    expect(place({ parties: { x: "d" } }, parties).fast?.divergence).toBeCloseTo(Math.log(2), 12);
    expect(place({ parties: {}, default: "b" }, parties).fast).toBeUndefined();
    expect(place({ parties: both }, [...parties, profile("silent")]).fast).toBeUndefined();
  });
});

it("a plan is what a simulation of it does: the same bytes, party by party, and the same seconds", async () => {
  const deadline = 8;
  const link = { up: 600, down: 600, latency: 0, pace: 40 };
  const links = { a: link, b: { ...link, up: 60 }, c: link, d: { ...link, pace: 5.2 } };
  const size = { up: TINY_MODEL_BYTES, down: TINY_MODEL_BYTES };
  const parties = tinyParties([10, 20, 30, 40]);
  const planned = parties.map((party) => ({ ...profileOf(party), link: links[party.id as keyof typeof links] }));
  const levels: readonly Level[] = ["b", "c", "g"];
  const question = { parties: planned, levels, steps: 40, deadline, messageBytes: size, server: { down: 900 } };
  const plan = planIntervals(question);
  const assignment = { parties: Object.fromEntries(plan.parties.map(({ party, level }) => [party, level])) };
  expect(plan.meetsDeadline).toBe(true);
  expect(assignment.parties).toEqual({ a: "b", b: "c", c: "b", d: "g" });

  const algorithm = { kind: "dynamicfl", localSteps: 40, levels, assignment };
  const spec = tinySpec({ rounds: 2, algorithm });
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), await portableEngine());
  const network = { links: new Map(Object.entries(links)), server: { down: 900 } };
  const reports: RoundReport[] = [];
  let traffic = new Map();
  for await (const checkpoint of simulate({ spec, parties, executor, links: network })) {
    reports.push(...checkpoint.history.slice(-1));
    traffic = new Map(checkpoint.traffic);
  }
  for (const { party, bytesUp, bytesDown, seconds } of plan.parties) {
    expect(traffic.get(party)?.train).toMatchObject({ payloadUp: 2 * bytesUp, payloadDown: 2 * bytesDown });
    for (const report of reports) expect(report.seconds?.parties[party]).toEqual(seconds);
  }
  for (const { seconds } of reports) {
    expect(seconds?.total).toBe(plan.seconds);
    expect(seconds?.total).toBeLessThanOrEqual(deadline);
  }
});

describe("an assignment in a specification", () => {
  const spec = { kind: "dynamicfl", localSteps: 40, levels: ["b", "g"], assignment: { parties: { x: "b" } } };

  it("takes the place of ratios, and of labels", () => {
    expect(algorithmOf(algorithmSpecSchema.parse(spec)).unfit).toBeUndefined();
  });

  it.each<[Record<string, unknown>, string, RegExp]>([
    [{ assignment: { parties: { x: "d" } } }, "assignment.parties.x", /"d" is none of the levels b, g/],
    [{ assignment: { parties: {}, default: "c" } }, "assignment.default", /"c" is none of the levels b, g/],
    [{ assignment: { parties: { x: "z" } } }, "assignment.parties.x", /expected an interval level: a 1, b 4/],
    [{ assignment: undefined }, "ratios", /is missing/],
    [{ p: 0.5 }, "assignment", /expected neither p nor ratios/],
    [{ fairness: { cap: 0.5 } }, "fairness", /does not go with an assignment/],
  ])("is refused with %j", (change, path, message) => {
    const parsed = algorithmSpecSchema.safeParse({ ...spec, ...change });
    const issues = parsed.error?.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
    expect(issues).toEqual([{ path, message: expect.stringMatching(message) }]);
  });
});
