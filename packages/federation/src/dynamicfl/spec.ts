import { z } from "zod";
import type { Assignment } from "./assigned-levels.ts";
import { EXACT_UP_TO } from "./choose-group.ts";
import type { Level } from "./intervals.ts";
import { INTERVALS, LEVELS } from "./intervals.ts";

const level = z.enum(LEVELS, { error: `expected an interval level: ${LEVELS.map(showLevel).join(", ")} local steps` });
const share = z.number({ error: "expected a number from 0 to 1" }).min(0).max(1);

/** DynamicFL as a specification states it. */
export const dynamicflSpecSchema = z
  .strictObject({
    kind: z.literal("dynamicfl"),
    /** T: local steps of each party in a round. */
    localSteps: z.int().min(1).max(100_000),
    /** Parties drawn for each round; all of them where it is not given. */
    activeParties: z.int().min(1).max(100_000).optional(),
    /** Interval levels that the parties are placed at, the fastest first. */
    levels: z.array(level).min(2, "expected at least two interval levels"),
    /**
     * What is scarce: "server" lets any active party be fast, but only so many in a round (the paper's Dynamic-p); with
     * "party" only a fixed part of the parties is able to be fast, and all of those may be (Fix-p).
     */
    budget: z.enum(["server", "party"]).default("server"),
    /** The share of the parties at each level; they add up to 1. */
    ratios: z.array(share).optional(),
    /** With two levels: the share of the fast one, instead of `ratios`. */
    p: share.optional(),
    /** The level of each party in every round, instead of `ratios`: then budget, group and search decide nothing. */
    assignment: z
      .strictObject({
        parties: z.record(z.string(), level),
        /** Of the parties that are not named; the slowest where it is not given. */
        default: level.optional(),
      })
      .optional(),
    /** How the fast group is chosen; "random" and "most-data" take as many parties as "divergence" would. */
    group: z.enum(["divergence", "random", "most-data"]).default("divergence"),
    /** How the group of least divergence is looked for; "orders" is the published search, "auto" exact for ≤ 16 parties. */
    search: z.enum(["auto", "exact", "orders"]).default("auto"),
    /** What becomes of the work of the slower parties: see docs/dynamicfl.md. */
    slow: z.enum(["published", "idle", "added", "anchored"]).default("published"),
    /** `cap`: the largest share of the rounds it was a member of that a party may spend in the fast group. */
    fairness: z.strictObject({ cap: share }).optional(),
  })
  .superRefine((spec, context) => {
    for (const [path, message] of problems(spec)) context.addIssue({ code: "custom", path: [...path], message });
  });

export type DynamicflSpec = z.output<typeof dynamicflSpecSchema>;

/** The share of each level, however the specification says it. */
export function ratiosOf({ p, ratios }: Pick<DynamicflSpec, "p" | "ratios">): readonly number[] {
  return p === undefined ? (ratios ?? []) : [p, 1 - p];
}

type Fields = Pick<
  DynamicflSpec,
  "activeParties" | "levels" | "ratios" | "p" | "assignment" | "search" | "slow" | "fairness"
>;
type Problem = readonly [path: readonly (string | number)[], message: string];

/** What is wrong between the fields. */
function* problems(spec: Fields): Iterable<Problem> {
  yield* problemsOfLevels(spec);
  yield* spec.assignment === undefined ? problemsOfShares(spec) : problemsOfAssignment(spec, spec.assignment);
  const { activeParties = Number.POSITIVE_INFINITY, search, slow, fairness } = spec;
  if (search === "exact" && activeParties > EXACT_UP_TO) {
    yield [["search"], `"exact" needs activeParties from 1 to ${EXACT_UP_TO}: state so many, or take "auto"`];
  }
  if ((slow === "idle" || slow === "anchored") && fairness !== undefined) {
    yield [["fairness"], `does not go with slow: "${slow}", where only fast parties are members of a round`];
  }
  if (slow === "anchored" && spec.activeParties === undefined) {
    yield [["activeParties"], 'is missing: slow "anchored" weighs by their number, expected a whole number ≥ 1'];
  }
}

function* problemsOfLevels({ levels }: Fields): Iterable<Problem> {
  for (const [i, level] of levels.entries()) {
    const before = levels[i - 1];
    if (before === undefined || INTERVALS[level] > INTERVALS[before]) continue;
    yield [["levels", i], `"${level}" does not come after "${before}": expected different levels, the fastest first`];
  }
}

function* problemsOfShares({ levels, ratios, p }: Fields): Iterable<Problem> {
  if (p !== undefined && ratios !== undefined) yield [["p"], "expected either p or ratios, not both"];
  if (p !== undefined && levels.length !== 2) {
    yield [["p"], `says the share of the faster of two levels, not of ${levels.length}: expected ratios`];
  }
  if (p === undefined && ratios === undefined) {
    const expected = "a share from 0 to 1 for each level, adding up to 1 (or p with two levels, or an assignment)";
    yield [["ratios"], `is missing: expected ${expected}`];
  }
  if (ratios === undefined) return;
  const sum = ratios.reduce((a, b) => a + b, 0);
  if (ratios.length !== levels.length) {
    yield [["ratios"], `has ${ratios.length} shares for ${levels.length} levels: expected one for each`];
  } else if (Math.abs(sum - 1) > 1e-9) {
    yield [["ratios"], `add up to ${Number(sum.toPrecision(12))}: expected shares from 0 to 1 that add up to 1`];
  }
}

function* problemsOfAssignment(spec: Fields, { parties, default: otherwise }: Assignment): Iterable<Problem> {
  const { levels, ratios, p, fairness } = spec;
  if ((p ?? ratios) !== undefined) {
    yield [["assignment"], "says the levels: expected neither p nor ratios beside it"];
  }
  if (fairness !== undefined) {
    yield [["fairness"], "does not go with an assignment, which is the same in every round"];
  }
  const assigned = Object.entries(parties).map(([party, level]) => ({ path: ["parties", party], level }));
  if (otherwise !== undefined) assigned.push({ path: ["default"], level: otherwise });
  for (const { path, level } of assigned) {
    if (levels.includes(level)) continue;
    yield [["assignment", ...path], `"${level}" is none of the levels ${levels.join(", ")}`];
  }
}

function showLevel(level: Level): string {
  return `${level} ${INTERVALS[level]}`;
}
