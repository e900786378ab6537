import fc from "fast-check";
import { expect, it } from "vitest";
import { LEVELS } from "../dynamicfl/intervals.ts";
import { divergence, pooled } from "../dynamicfl/label-shares.ts";
import { optionsOf } from "./options.ts";
import type { PlannedParty, PlanQuestion } from "./question.ts";
import type { Candidate } from "./raise-order.ts";
import { labelShares, raiseOrder } from "./raise-order.ts";

const link = { up: 1000, down: 1000, latency: 0.1, pace: 10 };

it("takes the raise worth most for each exchange and, of equals, the one whose labels come nearest to those of all", () => {
  const arbitraryParty = fc.record({
    // Few different numbers, so that many raises are worth the same and labels decide.
    examples: fc.constantFrom(50, 100),
    labels: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }),
    options: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(arbitraryParty, { minLength: 1, maxLength: 6 }), fc.boolean(), (described, labelled) => {
      const candidates = described.map(({ examples, labels, options }, i): Candidate => {
        // One example of a class at least: a party with none shows no labels.
        const shown = labelled && { labels: labels.map((count, c) => count + (c === i % 3 ? 1 : 0)) };
        const party: PlannedParty = { id: `p${i}`, examples, link, ...shown };
        const question: PlanQuestion = {
          parties: [party],
          levels: LEVELS,
          steps: 256,
          deadline: 1,
          messageBytes: { up: 1, down: 1 },
        };
        return { party, options: optionsOf(party, question).slice(0, options) };
      });
      expect(raiseOrder(candidates)).toEqual(plainOrder(candidates));
    }),
  );
});

/** The same by its definition: every raise is tried, and its labels are pooled anew from all parties. */
function plainOrder(candidates: readonly Candidate[]): number[] {
  const shares = labelShares(candidates.map(({ party }) => party));
  const exchanges = ({ options }: Candidate, at: number) => options[at]?.exchanges.length ?? 0;
  const order: number[] = [];
  let at = candidates.map(() => 0);
  for (;;) {
    const raises = candidates.flatMap((candidate, i) => {
      const from = exchanges(candidate, at[i] as number);
      const to = exchanges(candidate, (at[i] as number) + 1);
      if (to === 0) return [];
      const after = at.with(i, (at[i] as number) + 1);
      const parts = candidates.map((other, j) => ({
        examples: other.party.examples * exchanges(other, after[j] as number),
        shares: shares?.of[j] ?? [],
      }));
      const distance = shares === undefined ? 0 : divergence(pooled(parts), shares.whole);
      return [{ i, after, worth: (candidate.party.examples * Math.log(to / from)) / (to - from), distance }];
    });
    const most = Math.max(...raises.map(({ worth }) => worth));
    const equals = raises.filter(({ worth }) => worth >= most * (1 - 1e-12));
    const nearest = Math.min(...equals.map(({ distance }) => distance));
    const next = equals.find(({ distance }) => distance <= nearest + 1e-12);
    if (next === undefined) return order;
    order.push(next.i);
    at = next.after;
  }
}
