import { key, rng } from "@concord/engine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shuffled } from "../test/tiny-federation.ts";
import type { Member, RoundPlan } from "./plan.ts";
import { checkPlan, exchangeSteps } from "./plan.ts";
import type { RoundProgress, SegmentOutcome } from "./round.ts";
import {
  acceptsReply,
  beginRound,
  drop,
  merged,
  nextExchange,
  openSegment,
  openSegments,
  reply,
  resumeRound,
} from "./round.ts";

const member = (party: string, ...exchanges: number[]): Member => ({ party, examples: 1, exchanges });
const planOf = (steps: number, ...members: Member[]): RoundPlan => ({ round: 1, steps, members });
const open = (progress: RoundProgress) => openSegments(progress).map(({ party, from, to }) => `${party} ${from}-${to}`);

describe("federated averaging: one exchange", () => {
  const start = beginRound(planOf(8, member("a", 8), member("b", 8)));

  it("opens the whole round to every member", () => {
    expect(open(start)).toEqual(["a 0-8", "b 0-8"]);
    expect(nextExchange(start)).toEqual({ step: 8, replied: [], awaited: ["a", "b"], dropped: [], last: true });
  });

  it("is over when all have replied and their updates are merged", () => {
    const both = reply(reply(start, "b", 0), "a", 0);
    expect(nextExchange(both)).toEqual({ step: 8, replied: ["a", "b"], awaited: [], dropped: [], last: true });
    expect(open(both)).toEqual([]);
    const end = merged(both);
    expect(nextExchange(end)).toBeUndefined();
    expect(end.next).toBeUndefined();
    expect([...end.members.values()].map(({ state }) => state)).toEqual(["finished", "finished"]);
    expect(() => merged(end)).toThrow("round 1 is complete");
  });

  it("cannot be merged while a reply is awaited", () => {
    expect(() => merged(start)).toThrow("step 8 waits for a, b");
    expect(() => merged(reply(start, "a", 0))).toThrow("step 8 waits for b");
  });

  it("ends without those who were dropped", () => {
    const end = drop(reply(start, "b", 0), "a");
    expect(nextExchange(end)).toMatchObject({ replied: ["b"], awaited: [], dropped: ["a"] });
    expect(nextExchange(merged(end))).toBeUndefined();
  });

  it("can end without anybody", () => {
    const empty = drop(drop(start, "a"), "b");
    expect(nextExchange(empty)).toMatchObject({ replied: [], dropped: ["a", "b"] });
    expect(merged(empty).next).toBeUndefined();
  });
});

describe("federated SGD: an exchange after every step", () => {
  it("opens one step after the other, each when the one before is merged", () => {
    let progress = beginRound(planOf(3, member("a", 1, 2, 3), member("b", 1, 2, 3)));
    for (const step of [1, 2, 3]) {
      expect(open(progress)).toEqual([`a ${step - 1}-${step}`, `b ${step - 1}-${step}`]);
      expect(nextExchange(progress)).toMatchObject({ step, last: step === 3 });
      progress = reply(progress, "a", step - 1);
      expect(openSegment(progress, "a")).toBeUndefined();
      progress = merged(reply(progress, "b", step - 1));
    }
    expect(nextExchange(progress)).toBeUndefined();
  });
});

describe("two levels", () => {
  const start = beginRound(planOf(16, member("fast", 4, 8, 12, 16), member("slow", 16)));

  it("let the slow party work through while the fast one exchanges", () => {
    let progress = start;
    for (const [index, step] of [4, 8, 12].entries()) {
      expect(nextExchange(progress)).toMatchObject({ step, awaited: ["fast"], last: false });
      expect(open(progress)).toEqual([`fast ${step - 4}-${step}`, "slow 0-16"]);
      progress = merged(reply(progress, "fast", index));
    }
    expect(nextExchange(progress)).toEqual({
      step: 16,
      replied: [],
      awaited: ["fast", "slow"],
      dropped: [],
      last: true,
    });
  });

  it("keep an early reply until its exchange is due", () => {
    const early = reply(start, "slow", 0);
    expect(nextExchange(early)).toMatchObject({ step: 4, replied: [], awaited: ["fast"] });
    expect(open(early)).toEqual(["fast 0-4"]);
    let progress = early;
    for (const index of [0, 1, 2]) progress = merged(reply(progress, "fast", index));
    expect(nextExchange(progress)).toMatchObject({ step: 16, replied: ["slow"], awaited: ["fast"] });
  });

  it("let a dropped party rejoin at its next segment, from the exchange it missed", () => {
    let progress = drop(start, "fast");
    expect(open(progress)).toEqual(["slow 0-16"]);
    expect(acceptsReply(progress, "fast", 0)).toBe(false);
    expect(acceptsReply(progress, "fast", 1)).toBe(false);
    progress = merged(progress);
    expect(open(progress)).toEqual(["fast 4-8", "slow 0-16"]);
    expect(acceptsReply(progress, "fast", 1)).toBe(true);
  });

  it("finish a party whose last segment is dropped, though its earlier ones were merged", () => {
    let progress = start;
    for (const index of [0, 1, 2]) progress = merged(reply(progress, "fast", index));
    progress = merged(reply(drop(progress, "fast"), "slow", 0));
    expect(progress.members.get("fast")).toMatchObject({ state: "finished", segment: 4 });
    expect(progress.next).toBeUndefined();
  });

  it("keep a party that was dropped far ahead out until its exchange is merged", () => {
    let progress = drop(start, "slow");
    expect(nextExchange(progress)).toMatchObject({ step: 4, awaited: ["fast"], dropped: [] });
    for (const index of [0, 1, 2, 3]) progress = merged(reply(progress, "fast", index));
    expect(progress.next).toBeUndefined();
  });
});

describe("what changes nothing", () => {
  const start = beginRound(planOf(4, member("a", 2, 4), member("b", 4)));
  const replied = reply(start, "a", 0);
  const later = merged(replied);

  it.each<[string, RoundProgress, RoundProgress]>([
    ["a reply that is there already", replied, reply(replied, "a", 0)],
    ["a late reply", later, reply(later, "a", 0)],
    ["a reply to a segment that is not open yet", start, reply(start, "a", 1)],
    ["a reply to a segment that does not exist", start, reply(start, "a", 7)],
    ["a reply of no member", start, reply(start, "z", 0)],
    ["a reply after the party was dropped", drop(start, "a"), reply(drop(start, "a"), "a", 0)],
    ["a drop after the reply", replied, drop(replied, "a")],
    ["a drop of no member", start, drop(start, "z")],
  ])("%s", (_, before, after) => {
    expect(after).toEqual(before);
  });

  it("is the same value, which is cheap to see", () => {
    expect(reply(replied, "a", 0)).toBe(replied);
    expect(drop(replied, "a")).toBe(replied);
  });

  it("never touches the progress that a transition was given", () => {
    const copy = structuredClone(start);
    merged(reply(drop(start, "b"), "a", 0));
    expect(start).toEqual(copy);
  });
});

describe("any round", () => {
  /** One to five members, each with a schedule of its own. */
  const anyPlan = fc
    .record({
      steps: fc.integer({ min: 1, max: 12 }),
      schedules: fc.array(fc.array(fc.integer({ min: 1, max: 11 }), { maxLength: 5 }), { minLength: 1, maxLength: 5 }),
    })
    .map(({ steps, schedules }) =>
      planOf(
        steps,
        ...schedules.map((wanted, i) => {
          const between = [...new Set(wanted)].filter((step) => step < steps).sort((a, b) => a - b);
          return member(String.fromCharCode(97 + i), ...between, steps);
        }),
      ),
    );

  it("comes to its end, merges in order, counts nobody twice, and can be resumed at any moment", () => {
    fc.assert(
      fc.property(anyPlan, fc.integer(), fc.integer({ min: 0, max: 60 }), (plan, seed, dropPercent) => {
        checkPlan(plan);
        const r = rng(key(seed));
        let progress = beginRound(plan);
        const outcomes: SegmentOutcome[] = [];
        const mergedSteps: number[] = [];
        const counted = new Map<string, number>();

        const resumesToTheSame = () => {
          for (const order of [outcomes, [...outcomes].reverse(), shuffled(outcomes, seed)]) {
            expect(resumeRound(plan, order, mergedSteps.length)).toEqual(progress);
          }
        };

        for (let moves = 0; progress.next !== undefined; moves++) {
          expect(moves).toBeLessThan(500);
          const exchange = nextExchange(progress);
          if (exchange === undefined) throw new Error("an exchange is due");
          if (exchange.awaited.length === 0 && r.below(2) === 0) {
            for (const party of exchange.replied) counted.set(party, (counted.get(party) ?? 0) + 1);
            mergedSteps.push(exchange.step);
            progress = merged(progress);
          } else {
            const { party } = plan.members[r.below(plan.members.length)] as Member;
            const segment = openSegment(progress, party);
            const dropped = r.below(100) < dropPercent;
            const before = progress;
            // Noise: replies to segments that are past, or still to come.
            progress = reply(progress, party, (segment?.index ?? 0) + 1 + r.below(2));
            if (segment) progress = reply(progress, party, segment.index - 1);
            expect(progress).toBe(before);
            if (segment) {
              progress = dropped ? drop(progress, party) : reply(progress, party, segment.index);
              outcomes.push({ party, segment: segment.index, outcome: dropped ? "dropped" : "replied" });
            }
          }
          resumesToTheSame();
        }

        expect(mergedSteps).toEqual(exchangeSteps(plan));
        expect(outcomes).toHaveLength(plan.members.reduce((sum, { exchanges }) => sum + exchanges.length, 0));
        for (const { party } of plan.members) {
          const replies = outcomes.filter((o) => o.party === party && o.outcome === "replied").length;
          expect(counted.get(party) ?? 0).toBe(replies);
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it("ends the same way whatever the order of arrival", () => {
    fc.assert(
      fc.property(anyPlan, fc.integer(), fc.integer(), (plan, one, other) => {
        const finish = (seed: number) => {
          let progress = beginRound(plan);
          const exchanges: unknown[] = [];
          while (progress.next !== undefined) {
            for (const { party, index } of shuffled(openSegments(progress), seed))
              progress = reply(progress, party, index);
            exchanges.push(nextExchange(progress));
            progress = merged(progress);
          }
          return { progress, exchanges };
        };
        expect(finish(one)).toEqual(finish(other));
      }),
      { seed: 6, numRuns: 50 },
    );
  });

  it("cannot be resumed where the records contradict each other", () => {
    const plan = planOf(4, member("a", 2, 4), member("b", 4));
    expect(() => resumeRound(plan, [], 1)).toThrow("step 2 waits for a");
    expect(() => resumeRound(plan, [{ party: "a", segment: 0, outcome: "replied" }], 2)).toThrow(
      "step 4 waits for a, b",
    );
    const all: SegmentOutcome[] = [
      { party: "a", segment: 0, outcome: "replied" },
      { party: "a", segment: 1, outcome: "dropped" },
      { party: "b", segment: 0, outcome: "replied" },
    ];
    expect(resumeRound(plan, all, 2).next).toBeUndefined();
    expect(() => resumeRound(plan, all, 3)).toThrow("round 1 is complete");
  });
});
