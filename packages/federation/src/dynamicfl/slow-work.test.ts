import type { Tensor, Tree } from "@concord/engine";
import { flatten, float32 } from "@concord/engine";
import { describe, expect, it } from "vitest";
import type { CoordinatorState, MergeContext } from "../algorithm.ts";
import type { RoundPlan } from "../plan.ts";
import type { Level } from "./intervals.ts";
import { schedule } from "./intervals.ts";
import { addSlowWork } from "./slow-work.ts";

const model = (value: number): Tree<Tensor> => ({ w: float32([1], [value]) });
const weightIn = ({ model: of }: CoordinatorState) => flatten(of)[0]?.[1].data[0];

/** A round of 6 steps of parties with these examples at these levels. */
function planOf(parties: Readonly<Record<string, { readonly level: Level; readonly examples: number }>>): RoundPlan {
  const members = Object.entries(parties).map(([party, { level, examples }]) => ({
    party,
    examples,
    exchanges: schedule(level, 6),
  }));
  return { round: 1, steps: 6, members };
}

function exchangeAt(step: number, plan: RoundPlan, values: Readonly<Record<string, number>>): MergeContext {
  const updates = Object.entries(values).map(([party, value]) => {
    const examples = plan.members.find((member) => member.party === party)?.examples ?? 0;
    return { party, examples, tensors: model(value) };
  });
  return { round: 1, plan, step, last: step === plan.steps, updates };
}

describe("slow work that is added", () => {
  const plan = planOf({
    a: { level: "b", examples: 1 },
    b: { level: "b", examples: 3 },
    c: { level: "g", examples: 4 },
  });
  const rule = addSlowWork(["b", "g"]);
  const begin = () => rule.begin({ model: model(10) });

  it("goes on top of what the fast group has learned, by examples", () => {
    const middle = rule.merge(begin(), exchangeAt(4, plan, { a: 12, b: 16 }));
    expect(weightIn(middle)).toBe(15);
    // (1 · 16 + 3 · 20) / 4 = 19 of the fast ones, and half of the way from 10 to 14 that c has gone.
    const end = rule.merge(middle, exchangeAt(6, plan, { a: 16, b: 20, c: 14 }));
    expect(weightIn(end)).toBe(21);
    // The next round starts from there.
    expect(
      weightIn(
        rule.merge(
          rule.merge(end, exchangeAt(4, plan, { a: 21, b: 21 })),
          exchangeAt(6, plan, { a: 21, b: 21, c: 25 }),
        ),
      ),
    ).toBe(23);
  });

  it("is all there is where nobody else has learned, or where the fast ones were lost", () => {
    expect(weightIn(rule.merge(begin(), exchangeAt(6, plan, { a: 10, b: 10, c: 14 })))).toBe(12);
    const middle = rule.merge(begin(), exchangeAt(4, plan, { a: 12, b: 16 }));
    expect(weightIn(rule.merge(middle, exchangeAt(6, plan, { c: 14 })))).toBe(19);
    expect(weightIn(rule.merge(middle, exchangeAt(6, plan, { a: 16, b: 20 })))).toBe(19);
  });

  it("is the mean where all are at one level", () => {
    const slow = planOf({ a: { level: "g", examples: 1 }, b: { level: "g", examples: 3 } });
    expect(weightIn(rule.merge(begin(), exchangeAt(6, slow, { a: 12, b: 16 })))).toBe(15);
  });

  it("takes for fast those at the fastest level that has members", () => {
    const lower = addSlowWork(["a", "b", "g"]);
    const middle = lower.merge(lower.begin({ model: model(10) }), exchangeAt(4, plan, { a: 12, b: 16 }));
    expect(weightIn(lower.merge(middle, exchangeAt(6, plan, { a: 16, b: 20, c: 14 })))).toBe(21);
  });

  it("counts from the last exchange of each level, also among three", () => {
    const three = addSlowWork(["a", "b", "g"]);
    const party = (level: Level) => ({ level, examples: 1 });
    const planned = planOf({ a: party("a"), b: party("b"), c: party("g") });
    let state = three.begin({ model: model(0) });
    for (const step of [1, 2, 3]) state = three.merge(state, exchangeAt(step, planned, { a: step }));
    expect(weightIn(state)).toBe(3);
    // Due are a and b, which started from 0: 4 + (6 − 0) / 2.
    state = three.merge(state, exchangeAt(4, planned, { a: 4, b: 6 }));
    expect(weightIn(state)).toBe(7);
    // All are due: 9, a third of what b has learned since 7, and a third of what c has learned since 0.
    state = three.merge(state, exchangeAt(6, planned, { a: 9, b: 10, c: 3 }));
    expect(weightIn(state)).toBe(11);
  });
});
