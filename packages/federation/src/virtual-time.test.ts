import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Link, Network } from "./links.ts";
import { networkOf, networkSpecSchema } from "./links.ts";
import type { Member, RoundPlan } from "./plan.ts";
import { exchangeSteps } from "./plan.ts";
import { ROUND_TRIPS, virtualTime } from "./virtual-time.ts";

const member = (party: string, ...exchanges: number[]): Member => ({ party, examples: 1, exchanges });
const planOf = (steps: number, ...members: Member[]): RoundPlan => ({ round: 1, steps, members });
const network = (links: Readonly<Record<string, Link>>, server?: Network["server"]): Network => ({
  links: new Map(Object.entries(links)),
  server,
});
const bytes = () => ({ up: 1000, down: 2000 });

/** One segment of 2 steps takes x 1 + 1 + 1 + 1 + 0.6 s and y 2 + 2 + 2 s; one of 4 steps takes z 0.5 + 2 + 1 + 10 + 0.3 s. */
const x: Link = { up: 1000, down: 2000, latency: 0.4, pace: 2 };
const y: Link = { up: 500, down: 1000, latency: 0, pace: 1 };
const z: Link = { up: 100, down: 1000, latency: 0.2, pace: 4 };

describe("the time of a round", () => {
  it("of three parties is that of a calculation by hand", () => {
    const plan = planOf(4, member("x", 2, 4), member("y", 2, 4), member("z", 4));
    const { total, parties } = virtualTime(plan, network({ x, y, z }), bytes);
    // The exchange after step 2 is merged at 6 s, when y arrives; the last one at max(6 + 4.6, 6 + 6, 13.8) s.
    expect(total).toBeCloseTo(13.8, 12);
    const seconds = { computing: 2, downloading: 2, uploading: 2, latency: 3.2, waiting: 1.4 + 3.2 };
    for (const [kind, value] of Object.entries(seconds)) expect(parties.x).toHaveProperty(kind, near(value));
    expect(parties.y).toMatchObject({ computing: 4, downloading: 4, uploading: 4, latency: 0, waiting: near(1.8) });
    expect(parties.z).toMatchObject({
      computing: near(1),
      downloading: near(2),
      uploading: near(10),
      waiting: near(0),
    });
  });

  it("is that of the slowest member of a group, at each of its exchanges", () => {
    const members = [member("a", 4, 8, 12, 16), member("b", 4, 8, 12, 16), member("c", 16)];
    const quick: Link = { up: 1e6, down: 1e6, latency: 0.01, pace: 100 };
    const fast = virtualTime(planOf(16, ...members), network({ a: quick, b: quick, c: quick }), bytes).total;
    const slow = { ...quick, up: 100 };
    const { total, parties } = virtualTime(planOf(16, ...members), network({ a: quick, b: slow, c: quick }), bytes);
    // Each of four exchanges waits 10 s for b's update instead of 1 ms; slow links of once-a-round parties cost that once.
    expect(total).toBeCloseTo(fast + 4 * (10 - 0.001), 9);
    expect(parties.a?.waiting).toBeCloseTo(4 * (10 - 0.001), 9);
    const late = virtualTime(planOf(16, ...members), network({ a: quick, b: quick, c: slow }), bytes);
    expect(late.total).toBeCloseTo(0.04 + 16 / 100 + 2000 / 1e6 + 10, 9);
  });

  it("shares the coordinator's line among those who use it", () => {
    const link = { up: 1000, down: 1e9, latency: 0, pace: 2 };
    const plan = planOf(2, member("a", 2), member("b", 2));
    const server = { down: 1000 };
    const size = () => ({ up: 1000, down: 0 });
    // Both begin at 1 s and get half of it.
    expect(virtualTime(plan, network({ a: link, b: link }, server), size).total).toBeCloseTo(3, 12);
    // b begins at 1.5 s: a has 500 bytes left then, b has 500 left when a ends at 2.5 s.
    const later = { ...link, pace: 2 / 1.5 };
    const shared = virtualTime(plan, network({ a: link, b: later }, server), size);
    expect(shared.total).toBeCloseTo(3, 12);
    expect(shared.parties).toMatchObject({
      a: { uploading: near(1.5), waiting: near(0.5) },
      b: { uploading: near(1.5) },
    });
    // Models go the other way and do not meet the updates.
    const models = virtualTime(plan, network({ a: link, b: link }, { up: 1000 }), () => ({ up: 1000, down: 1000 }));
    expect(models.total).toBeCloseTo(2 + 1 + 1, 12);
  });

  it("counts bytes beside the tensors in both messages", () => {
    const plan = planOf(2, member("y", 2));
    const { total } = virtualTime(plan, { ...network({ y }), overheadBytes: 500 }, bytes);
    expect(total).toBeCloseTo(2500 / 1000 + 2 + 1500 / 500, 12);
  });

  it("equals the recursion of the merges, and every second of every party is spent on something", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(arbitraryLink, arbitrarySteps), { minLength: 1, maxLength: 6 }), (members) => {
        const names = members.map((_, i) => `p${i}`);
        const plan = planOf(12, ...members.map(([, steps], i) => member(names[i] as string, ...steps)));
        const links = Object.fromEntries(members.map(([link], i) => [names[i] as string, link]));
        const { total, parties } = virtualTime(plan, network(links), bytes);
        expect(total).toBeCloseTo(recursion(plan, links), 9);
        for (const spent of Object.values(parties)) {
          expect(Object.values(spent).reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(total, 9);
        }
      }),
    );
  });

  it("is, to the last bit and for every party, that of a coordinator's line so wide that it limits nobody", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(arbitraryLink, arbitrarySteps), { minLength: 1, maxLength: 6 }), (members) => {
        const plan = planOf(12, ...members.map(([, steps], i) => member(`p${i}`, ...steps)));
        const links = Object.fromEntries(members.map(([link], i) => [`p${i}`, link]));
        const wide = { up: Number.MAX_VALUE, down: Number.MAX_VALUE };
        expect(virtualTime(plan, network(links), bytes)).toEqual(virtualTime(plan, network(links, wide), bytes));
      }),
    );
  });

  it("is never below what the coordinator's line needs for all bytes, nor below the time without a limit", () => {
    fc.assert(
      fc.property(fc.array(arbitraryLink, { minLength: 1, maxLength: 5 }), (list) => {
        const links = Object.fromEntries(list.map((link, i) => [`p${i}`, link]));
        const plan = planOf(12, ...Object.keys(links).map((party) => member(party, 4, 8, 12)));
        const { total } = virtualTime(plan, network(links, { up: 700, down: 300 }), bytes);
        expect(total).toBeGreaterThanOrEqual((list.length * 3 * 1000) / 300);
        expect(total).toBeGreaterThanOrEqual((list.length * 3 * 2000) / 700);
        expect(total).toBeGreaterThanOrEqual(virtualTime(plan, network(links), bytes).total - 1e-9);
      }),
    );
  });

  it("needs a link for everybody", () => {
    const plan = planOf(2, member("x", 2), member("zoë", 2));
    expect(() => virtualTime(plan, network({ x }), bytes)).toThrow('links: there is none for "zoë"');
    expect(virtualTime(plan, { ...network({ x }), otherwise: x }, bytes).total).toBeCloseTo(4.6, 12);
  });
});

describe("links as a file states them", () => {
  it("become bytes and seconds", () => {
    const link = { upMbit: 8, downMbit: 80, latencyMs: 50, stepsPerSecond: 20 };
    const stated = networkSpecSchema.parse({ parties: { a: link }, default: link, server: { upMbit: 1000 } });
    const expected = { up: 1e6, down: 1e7, latency: 0.05, pace: 20 };
    expect(networkOf(stated)).toMatchObject({ otherwise: expected, server: { up: 125e6 } });
    expect(networkOf(stated).links.get("a")).toEqual(expected);
  });

  it.each([
    { parties: { a: { upMbit: 0, downMbit: 1, latencyMs: 1, stepsPerSecond: 1 } } },
    { default: { upMbit: 1, downMbit: 1, latencyMs: -1, stepsPerSecond: 1 } },
    { default: { upMbit: 1, downMbit: 1, latencyMs: 1 } },
    { server: { upMbit: -5 } },
    { bandwidth: 5 },
  ])("are refused where they make no sense: %j", (stated) => {
    expect(networkSpecSchema.safeParse(stated).success).toBe(false);
  });
});

const near = (value: number) => expect.closeTo(value, 9);

const arbitraryLink: fc.Arbitrary<Link> = fc.record({
  up: fc.integer({ min: 50, max: 5000 }),
  down: fc.integer({ min: 50, max: 5000 }),
  latency: fc.integer({ min: 0, max: 20 }).map((n) => n / 10),
  pace: fc.integer({ min: 1, max: 30 }),
});

/** Any schedule of 12 steps, also such that the steps of one member are not among those of another. */
const arbitrarySteps = fc
  .uniqueArray(fc.integer({ min: 1, max: 11 }), { maxLength: 6 })
  .map((steps) => [...steps.sort((a, b) => a - b), 12]);

/** Without a limit of the coordinator's line: M(t) = max over the due of M(their last exchange) + their segment, and over M(t − 1). */
function recursion(plan: RoundPlan, links: Readonly<Record<string, Link>>): number {
  const mergedAt = new Map([[0, 0]]);
  let last = 0;
  for (const step of exchangeSteps(plan)) {
    for (const { party, exchanges } of plan.members) {
      const index = exchanges.indexOf(step);
      if (index < 0) continue;
      const from = exchanges[index - 1] ?? 0;
      const { up, down, latency, pace } = links[party] as Link;
      const round = (ROUND_TRIPS.download + ROUND_TRIPS.upload) * latency;
      last = Math.max(last, (mergedAt.get(from) as number) + round + 2000 / down + (step - from) / pace + 1000 / up);
    }
    mergedAt.set(step, last);
  }
  return last;
}
