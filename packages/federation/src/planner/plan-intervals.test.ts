import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evenExchanges } from "../controls.ts";
import type { Level } from "../dynamicfl/intervals.ts";
import { INTERVALS, LEVELS, schedule } from "../dynamicfl/intervals.ts";
import type { Link } from "../links.ts";
import type { RoundPlan } from "../plan.ts";
import { virtualTime } from "../virtual-time.ts";
import type { IntervalPlan } from "./plan-intervals.ts";
import { planIntervals } from "./plan-intervals.ts";
import type { PlannedParty, PlanQuestion } from "./question.ts";

/** With messages of 1,000 bytes an exchange takes 0.2 s over this link, and 256 steps take 2.56 s. */
const QUICK: Link = { up: 10_000, down: 10_000, latency: 0, pace: 100 };

function party(id: string, link: Partial<Link> = {}, rest: Partial<PlannedParty> = {}): PlannedParty {
  return { id, examples: 100, link: { ...QUICK, ...link }, ...rest };
}

function question(parties: readonly PlannedParty[], rest: Partial<PlanQuestion> = {}): PlanQuestion {
  const messageBytes = { up: 1000, down: 1000 };
  return { parties, levels: LEVELS, steps: 256, deadline: 20, messageBytes, ...rest };
}

const levels = (plan: IntervalPlan) => Object.fromEntries(plan.parties.map(({ party, level }) => [party, level]));

describe("a plan", () => {
  it("gives each party the fastest level that its link, its computer and its budget allow", () => {
    const plan = planIntervals(
      question([
        party("computer", { pace: 13 }), // 19.69 s of computing: one exchange
        party("latency", { latency: 1 }), // 4.2 s an exchange: four of them
        party("quick"), // 64 exchanges take 12.8 s
        party("quicker", { up: 1e6, down: 1e6 }), // could do level a, with nobody
        party("thrifty", {}, { budgetBytes: 16_000 }), // eight exchanges
        party("upload", { up: 1000 }), // 1.1 s an exchange: eight take 8.8 s, 16 would take 17.6 s
      ]),
    );
    expect(levels(plan)).toEqual({ computer: "g", latency: "e", quick: "b", quicker: "b", thrifty: "d", upload: "d" });
    expect(plan).toMatchObject({ meetsDeadline: true, unable: [] });
    expect(plan.problem).toBeUndefined();
    const limits = plan.parties.map(({ limit }) => limit);
    expect(limits).toEqual(["computing", "latency", "upload", "company", "budget", "upload"]);
    expect(plan.parties[1]?.why).toBe("level d would take 36.2 s, of which round trips 32 s; the deadline is 20 s");
    expect(plan.parties[4]?.why).toBe("level c would move 32000 bytes; the budget is 16000");
    expect(plan.bytesUp).toBe((1 + 4 + 64 + 64 + 8 + 8) * 1000);
    // The slowest is the one that computes for 19.69 s and exchanges once.
    expect(plan.seconds).toBeCloseTo(256 / 13 + 0.2, 9);
  });

  it("stays at the fastest level on offer", () => {
    const parties = ["p", "q"].map((id) => party(id, { up: 1e9, down: 1e9 }));
    const plan = planIntervals(question(parties, { levels: ["c", "g"] }));
    expect(plan.parties[0]).toMatchObject({ level: "c", limit: "nothing", why: "the fastest level on offer" });
  });

  it("lets nobody exchange with itself alone", () => {
    const quick = party("quick", { up: 1e6, down: 1e6 });
    const slow = party("slow", { up: 1000 });
    expect(levels(planIntervals(question([quick])))).toEqual({ quick: "g" });
    const plan = planIntervals(question([quick, slow]));
    expect(levels(plan)).toEqual({ quick: "d", slow: "d" });
    expect(plan.parties[0]?.why).toBe("at level c it would have nobody to exchange with: nobody else could keep up");
    expect(levels(planIntervals(question([quick, slow, { ...quick, id: "third" }])))).toMatchObject({ quick: "a" });
  });

  it("gives nobody more exchanges than there are steps", () => {
    const two = [party("p"), party("q")];
    const plan = planIntervals(question(two, { steps: 20, levels: ["c", "f", "g"] }));
    expect(plan.parties[0]).toMatchObject({ level: "c", exchanges: 2 });
    // Levels above T mean one exchange, and the slowest of them is the name for it.
    const once = planIntervals(question([party("p")], { steps: 20, levels: ["f", "g"] }));
    expect(once.parties[0]).toMatchObject({ level: "g", exchanges: 1, limit: "nothing" });
  });

  it("names a party that cannot do one exchange, with what would let it, and plans the rest", () => {
    const plan = planIntervals(
      question([party("ok"), party("too"), party("slow", { pace: 10 }), party("poor", {}, { budgetBytes: 1999 })]),
    );
    expect(plan.meetsDeadline).toBe(false);
    expect(levels(plan)).toEqual({ ok: "b", too: "b" });
    expect(plan.unable).toMatchObject([
      { party: "poor", why: "one exchange moves 2000 bytes; the budget is 1999", needs: { budgetBytes: 2000 } },
      { party: "slow", why: "one exchange takes 25.8 s, of which computing 25.6 s; the deadline is 20 s" },
    ]);
    expect(plan.unable[1]?.needs).toEqual({
      deadline: expect.closeTo(25.8, 9),
      stepsPerSecond: expect.closeTo(256 / 19.8, 9),
    });
    expect(plan.problem).toMatch(/^poor: one exchange moves .*; slow: one exchange takes/);
  });

  it("says where nobody can take part", () => {
    const plan = planIntervals(question([party("slow", { pace: 1 })]));
    expect(plan).toMatchObject({
      meetsDeadline: false,
      parties: [],
      seconds: 0,
      fastest: undefined,
      fedavg: undefined,
    });
  });

  it("says where the coordinator's line is too narrow for one exchange of everybody", () => {
    const parties = ["a", "b", "c"].map((id) => party(id));
    const plan = planIntervals(question(parties, { server: { down: 100 } }));
    expect(plan).toMatchObject({ meetsDeadline: false, unable: [] });
    expect(plan.problem).toContain("over the coordinator's line; the deadline is 20 s");
    expect(plan.seconds).toBeGreaterThan(30);
  });

  it("shares a narrow line of the coordinator by worth, and of equals takes those whose labels make up the whole", () => {
    const labels = (c: number) => [0, 1].map((k) => (k === c ? 100 : 0));
    const parties = [0, 0, 1, 1].map((c, i) => party(`p${i}`, {}, { labels: labels(c) }));
    // An exchange of two takes 0.1 + 0.04 + 0.16 s, one of three 0.1 + 0.04 + 0.24 s: 64 of them only for two.
    const plan = planIntervals(question(parties, { levels: ["b", "g"], server: { down: 12_500 } }));
    expect(levels(plan)).toEqual({ p0: "b", p1: "g", p2: "b", p3: "g" });
    expect(plan.fastest).toEqual({ level: "b", parties: ["p0", "p2"], divergence: 0 });
    expect(plan.parties[1]).toMatchObject({ limit: "server" });
    const uneven = parties.map((p, i) => ({ ...p, examples: [100, 300, 100, 200][i] as number }));
    expect(levels(planIntervals(question(uneven, { levels: ["b", "g"], server: { down: 12_500 } })))).toEqual({
      p0: "g",
      p1: "b",
      p2: "g",
      p3: "b",
    });
  });

  it("has averaging with as many bytes beside it", () => {
    // 64, 64 and 4 exchanges: as many bytes as 44 of all, which would take the one with long round trips 187.4 s.
    const plan = planIntervals(question([party("near"), party("next"), party("far", { latency: 1 })]));
    expect(plan.fedavg).toMatchObject({ exchanges: 44, bytesUp: 132_000, bytesDown: 132_000, meetsDeadline: false });
    expect(plan.fedavg?.bytesUp).toBe(plan.bytesUp);
    expect(plan.fedavg?.late).toEqual([
      { party: "far", why: "44 exchanges take 187 s, of which round trips 176 s; the deadline is 20 s" },
    ]);
    expect(plan.fedavg?.seconds).toBeCloseTo(44 * 4.2 + 2.56, 9);
    // (20 − 2.56) / 4.2 = 4.15
    expect(plan.fedavg?.mostExchanges).toBe(4);
    // Alike parties: averaging does as well, and the group of the fastest is everybody.
    const alike = planIntervals(question([party("a"), party("b")]));
    expect(alike.fedavg).toMatchObject({ exchanges: 64, meetsDeadline: true, late: [] });
  });
});

describe("for any parties, a plan", () => {
  it("keeps deadline and budgets by its own clock, counts its bytes, and leaves no party that could be raised", () => {
    fc.assert(
      fc.property(arbitraryQuestion, (asked) => {
        const plan = planIntervals(asked);
        const named = [...plan.parties, ...plan.unable].map(({ party }) => party);
        expect(named.sort()).toEqual(asked.parties.map(({ id }) => id).sort());
        if (plan.parties.length === 0) return;
        const overLine = plan.problem?.includes("coordinator's line") === true;
        const time = clock(asked, levels(plan));
        expect(time.total).toBe(plan.seconds);
        for (const { party, seconds } of plan.parties) expect(seconds).toEqual(time.parties[party]);
        if (!overLine) expect(plan.seconds).toBeLessThanOrEqual(asked.deadline * (1 + 1e-9));
        for (const { party, level, exchanges, bytesUp, bytesDown } of plan.parties) {
          const { budgetBytes = Number.POSITIVE_INFINITY } = asked.parties.find(({ id }) => id === party) ?? {};
          expect(exchanges).toBe(schedule(level, asked.steps).length);
          expect([bytesUp, bytesDown]).toEqual([exchanges * 1000, exchanges * 1000]);
          expect(bytesUp + bytesDown).toBeLessThanOrEqual(budgetBytes);
        }
        expect(plan.meetsDeadline).toBe(plan.unable.length === 0 && !overLine);
        if (asked.server !== undefined) return;
        for (const { party, level, exchanges } of plan.parties) {
          const faster = asked.levels.findLast((l) => INTERVALS[l] < INTERVALS[level]);
          const E = faster === undefined ? exchanges : schedule(faster, asked.steps).length;
          const company = plan.parties.some((other) => other.party !== party && other.exchanges >= E);
          if (faster === undefined || E === exchanges || !company) continue;
          const raised = clock(asked, { ...levels(plan), [party]: faster }).total;
          const { budgetBytes = Number.POSITIVE_INFINITY } = asked.parties.find(({ id }) => id === party) ?? {};
          const bytes = 2000 * E;
          expect(raised > asked.deadline || bytes > budgetBytes).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("keeps the deadline also in a round of some of them, where the coordinator's line is no limit", () => {
    fc.assert(
      fc.property(arbitraryQuestion, fc.infiniteStream(fc.boolean()), ({ server: _, ...asked }, takesPart) => {
        const plan = planIntervals(asked);
        const some = Object.entries(levels(plan)).filter(() => takesPart.next().value);
        if (some.length === 0) return;
        expect(clock(asked, Object.fromEntries(some)).total).toBeLessThanOrEqual(plan.seconds * (1 + 1e-12));
      }),
      { numRuns: 100 },
    );
  });

  it("is worth no less than any other where schedules have no uneven end, and never more than the best", () => {
    fc.assert(
      fc.property(arbitraryQuestion, fc.boolean(), ({ server, ...rest }, even) => {
        const asked = even ? { ...rest, steps: 256, levels: EVEN } : { ...rest, ...(server && { server }) };
        const plan = planIntervals({ ...asked, parties: asked.parties.slice(0, 3), levels: asked.levels.slice(0, 4) });
        const used = { ...asked, parties: asked.parties.filter(({ id }) => plan.parties.some((p) => p.party === id)) };
        if (used.parties.length === 0 || plan.problem?.includes("coordinator's line")) return;
        const best = bestWorth({ ...used, levels: asked.levels.slice(0, 4) });
        expect(worth(used, levels(plan))).toBeLessThanOrEqual(best + 1e-9);
        if (even) expect(worth(used, levels(plan))).toBeCloseTo(best, 9);
      }),
      { numRuns: 80 },
    );
  });

  it("says of each party that cannot take part what is just enough for it", () => {
    fc.assert(
      fc.property(arbitraryLink, fc.integer({ min: 1, max: 40 }), (link, deadline) => {
        const asked = question([party("p", link)], { deadline });
        const [unable] = planIntervals(asked).unable;
        if (unable === undefined) return;
        const { needs } = unable;
        const able = (change: Partial<Link>, until = deadline) =>
          planIntervals({ ...asked, parties: [party("p", { ...link, ...change })], deadline: until }).meetsDeadline;
        expect(able({}, needs.deadline)).toBe(true);
        const cures: Partial<Link>[][] = [
          needs.stepsPerSecond ? [{ pace: needs.stepsPerSecond }, { pace: needs.stepsPerSecond * 0.999 }] : [],
          needs.upMbit ? [{ up: needs.upMbit * 125_000 }, { up: needs.upMbit * 124_900 }] : [],
          needs.downMbit ? [{ down: needs.downMbit * 125_000 }, { down: needs.downMbit * 124_900 }] : [],
        ];
        for (const [enough, less] of cures) {
          if (enough === undefined || less === undefined) continue;
          expect(able(enough)).toBe(true);
          expect(able(less)).toBe(false);
        }
        // What is not named is no cure: not even a perfect one.
        if (needs.stepsPerSecond === undefined) expect(able({ pace: 1e12 })).toBe(false);
        if (needs.upMbit === undefined) expect(able({ up: 1e15 })).toBe(false);
        if (needs.latencyMs === undefined && link.latency > 0) expect(able({ latency: 0 })).toBe(false);
        if (needs.latencyMs !== undefined) expect(able({ latency: needs.latencyMs / 1000 })).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

it("a plan for 500 parties keeps the deadline, and each party has the best level of its own unless others forbid it", () => {
  const links = fc.sample(arbitraryLink, { seed: 1, numRuns: 500 });
  const asked = question(
    links.map((link, i) => party(`p${i}`, link, { examples: 1 + ((37 * i) % 400) })),
    { steps: 250, deadline: 60 },
  );
  const plan = planIntervals(asked);
  expect(plan.parties.length + plan.unable.length).toBe(500);
  const time = clock(asked, levels(plan));
  expect(plan.seconds).toBe(time.total);
  expect(plan.seconds).toBeLessThanOrEqual(60 * (1 + 1e-9));
  for (const { party, seconds } of plan.parties) expect(seconds).toEqual(time.parties[party]);

  const linkOf = new Map(asked.parties.map(({ id, link }) => [id, link]));
  const alone = (id: string, level: Level) => {
    const { up, down, latency, pace } = linkOf.get(id) as Link;
    return 250 / pace + schedule(level, 250).length * (1000 / up + 1000 / down + 4 * latency);
  };
  for (const { party, level, limit } of plan.parties) {
    expect(alone(party, level)).toBeLessThanOrEqual(60);
    const next = LEVELS[LEVELS.indexOf(level) - 1];
    expect(limit === "nothing").toBe(next === undefined);
    if (next !== undefined && limit !== "others") expect(alone(party, next)).toBeGreaterThan(60);
  }
  const blocked = plan.parties.filter(({ limit }) => limit === "others");
  expect(blocked).not.toEqual([]);
  for (const { party, level } of blocked) {
    const next = LEVELS[LEVELS.indexOf(level) - 1] as Level;
    expect(clock(asked, { ...levels(plan), [party]: next }).total).toBeGreaterThan(60);
  }
  for (const { party } of plan.unable) expect(alone(party, "g")).toBeGreaterThan(60);
});

it.each<[string, PlanQuestion, string]>([
  ["no parties", question([]), "parties: expected at least one"],
  ["a party twice", question([party("a"), party("a")]), 'party "a" is there twice'],
  ["no upload", question([party("a", { up: 0 })]), 'party "a": up must be above 0, got 0'],
  ["negative latency", question([party("a", { latency: -1 })]), "latency must be ≥ 0, got -1"],
  ["half an example", question([party("a", {}, { examples: 0.5 })]), "examples must be a whole number ≥ 1, got 0.5"],
  ["levels out of order", question([party("a")], { levels: ["g", "b"] }), "in this order, got g, b"],
  ["no levels", question([party("a")], { levels: [] }), "levels: expected some of a, b, c, d, e, f, g"],
  ["no time", question([party("a")], { deadline: 0 }), "deadline must be above 0 s, got 0"],
  ["no steps", question([party("a")], { steps: 0 }), "steps must be a whole number ≥ 1, got 0"],
])("a question with %s is refused", (_, asked, message) => {
  expect(() => planIntervals(asked)).toThrow(message);
});

it("averaging beside a plan takes as long as its evenly spread exchanges do", () => {
  const asked = question([party("a"), party("b", { up: 800 })], { deadline: 30 });
  const { fedavg } = planIntervals(asked);
  const exchanges = evenExchanges(256, fedavg?.exchanges ?? 0);
  const members = ["a", "b"].map((id) => ({ party: id, examples: 100, exchanges }));
  expect(fedavg?.seconds).toBe(timed(asked, { round: 1, steps: 256, members }).total);
});

/** Levels without an uneven end in 256 steps. */
const EVEN: readonly Level[] = ["b", "c", "d", "e", "f", "g"];

const arbitraryLink: fc.Arbitrary<Link> = fc.record({
  up: fc.integer({ min: 50, max: 20_000 }),
  down: fc.integer({ min: 200, max: 20_000 }),
  latency: fc.constantFrom(0, 0.02, 0.2, 1),
  pace: fc.integer({ min: 5, max: 500 }),
});

const arbitraryQuestion: fc.Arbitrary<PlanQuestion> = fc
  .record({
    parties: fc.array(
      fc.record({
        link: arbitraryLink,
        examples: fc.integer({ min: 1, max: 500 }),
        budget: fc.option(fc.integer({ min: 1000, max: 300_000 }), { nil: undefined }),
        label: fc.integer({ min: 0, max: 2 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    levels: fc.subarray([...LEVELS], { minLength: 1 }),
    steps: fc.constantFrom(20, 100, 250, 256),
    deadline: fc.integer({ min: 2, max: 120 }),
    server: fc.option(fc.record({ down: fc.integer({ min: 200, max: 50_000 }) }), { nil: undefined }),
    labelled: fc.boolean(),
  })
  .map(({ parties, labelled, ...rest }) =>
    question(
      parties.map(({ link, examples, budget, label }, i) =>
        party(`p${i}`, link, {
          examples,
          ...(budget !== undefined && { budgetBytes: budget }),
          ...(labelled && { labels: [0, 1, 2].map((c) => (c === label ? examples : 0)) }),
        }),
      ),
      rest,
    ),
  );

function clock(asked: PlanQuestion, assignment: Readonly<Record<string, Level>>) {
  const members = Object.keys(assignment)
    .sort()
    .map((id) => ({ party: id, examples: 1, exchanges: schedule(assignment[id] as Level, asked.steps) }));
  return timed(asked, { round: 1, steps: asked.steps, members });
}

function timed({ parties, server, messageBytes }: PlanQuestion, plan: RoundPlan) {
  return virtualTime(plan, { links: new Map(parties.map((p) => [p.id, p.link])), server }, () => messageBytes);
}

/** Σ n_i ln E_i, where exchanges with nobody do not count. */
function worth({ parties, steps }: PlanQuestion, assignment: Readonly<Record<string, Level>>): number {
  const schedules = parties.map(({ id }) => schedule(assignment[id] as Level, steps));
  return parties.reduce((sum, { examples }, i) => {
    const others = new Set(schedules.flatMap((steps, j) => (j === i ? [] : steps)));
    const shared = (schedules[i] ?? []).filter((step) => others.has(step)).length;
    return sum + examples * Math.log(Math.max(1, shared));
  }, 0);
}

/** The largest worth of all assignments that keep deadline and budgets. */
function bestWorth(asked: PlanQuestion): number {
  let best = Number.NEGATIVE_INFINITY;
  const visit = (i: number, assignment: Readonly<Record<string, Level>>) => {
    const next = asked.parties[i];
    if (next === undefined) {
      if (clock(asked, assignment).total <= asked.deadline * (1 + 1e-9))
        best = Math.max(best, worth(asked, assignment));
      return;
    }
    for (const level of asked.levels) {
      const bytes = 2000 * schedule(level, asked.steps).length;
      if (bytes <= (next.budgetBytes ?? Number.POSITIVE_INFINITY)) visit(i + 1, { ...assignment, [next.id]: level });
    }
  };
  visit(0, {});
  return best;
}
