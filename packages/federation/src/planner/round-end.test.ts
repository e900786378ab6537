import fc from "fast-check";
import { expect, it } from "vitest";
import { LEVELS, schedule } from "../dynamicfl/intervals.ts";
import type { Link } from "../links.ts";
import { virtualTime } from "../virtual-time.ts";
import { roundEnd } from "./round-end.ts";

it("is the total of the clock that follows every event, to the last bit", () => {
  fc.assert(
    fc.property(arbitraryParties, fc.integer({ min: 1, max: 300 }), arbitraryBytes, (parties, steps, bytes) => {
      const schedules = parties.map(({ level }) => schedule(level, steps));
      const groups = parties.map(({ link }, i) => ({ exchanges: schedules[i] as number[], links: [link] }));
      const members = schedules.map((exchanges, i) => ({ party: `p${i}`, examples: 1, exchanges }));
      const links = new Map(parties.map(({ link }, i) => [`p${i}`, link]));
      // A line too wide to limit anybody, but a line: so the clock takes its events in order, whoever they belong to.
      const server = { up: Number.MAX_VALUE, down: Number.MAX_VALUE };
      const { total } = virtualTime({ round: 1, steps, members }, { links, server }, () => bytes);
      expect(roundEnd(groups, bytes)).toBe(total);
    }),
  );
});

it("is that of a calculation by hand, also for parties that are told together", () => {
  const quick: Link = { up: 1000, down: 2000, latency: 0.4, pace: 2 };
  const slow: Link = { up: 500, down: 1000, latency: 0, pace: 1 };
  const once: Link = { up: 100, down: 1000, latency: 0.2, pace: 4 };
  // A segment of 2 steps takes quick 1 + 1 + 1 + 1 + 0.6 s and slow 2 + 2 + 2 s; once takes 0.5 + 2 + 1 + 10 + 0.3 s for 4.
  const often = { exchanges: [2, 4], links: [quick, slow] };
  const bytes = { up: 1000, down: 2000 };
  expect(roundEnd([often], bytes)).toBeCloseTo(12, 12);
  expect(roundEnd([often, { exchanges: [4], links: [once] }], bytes)).toBeCloseTo(13.8, 12);
});

const arbitraryParties = fc.array(
  fc.record({
    level: fc.constantFrom(...LEVELS),
    link: fc.record({
      up: fc.integer({ min: 50, max: 20_000 }),
      down: fc.integer({ min: 50, max: 20_000 }),
      latency: fc.constantFrom(0, 0.02, 0.3, 1),
      pace: fc.integer({ min: 1, max: 500 }),
    }),
  }),
  { minLength: 1, maxLength: 6 },
);

const arbitraryBytes = fc.record({ up: fc.integer({ min: 0, max: 5000 }), down: fc.integer({ min: 0, max: 5000 }) });
