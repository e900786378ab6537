import type { RoundMember } from "@concord/protocol";
import { scheduleOf, stepsOf } from "@concord/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { axisTicks, fastShares, laneOf, laneWords, timelineOf } from "./timeline.ts";

const member = (party: string, steps: readonly number[], rest: Partial<RoundMember> = {}): RoundMember => ({
  party,
  exchanges: [...scheduleOf(steps)],
  reached: 0,
  missed: [],
  completed: false,
  ...rest,
});

describe("a timeline", () => {
  it("has the fast group first, then who exchanges more, then party order", () => {
    const members = [
      member("a", [12]),
      member("b", [4, 8, 12]),
      member("c", [4, 8, 12]),
      member("d", [6, 12]),
      member("e", [12]),
    ];
    const { members: ranked, fast } = timelineOf({ steps: 12, members, group: { parties: ["c"], divergence: 0.1 } });
    expect(ranked.map(({ party }) => party)).toEqual(["c", "b", "d", "a", "e"]);
    expect([...fast]).toEqual(["c"]);
    expect(timelineOf({ steps: 12, members, group: null }).fast.size).toBe(0);
  });
});

describe("a lane", () => {
  const steps = [4, 8, 12];

  it.each([
    ["before its first exchange", { reached: 0 }, 0, [], { from: 0, to: 4 }, false],
    ["whose update waits for others", { reached: 4 }, 0, [4], null, true],
    ["that goes on after an exchange", { reached: 4 }, 4, [4], { from: 4, to: 8 }, false],
    ["that waits at the end", { reached: 12 }, 8, [4, 8, 12], null, true],
    ["dropped, while its exchange waits for others", { reached: 4, missed: [4] }, 0, [], null, false],
  ])("%s", (_when, rest, merged, exchanged, open, waits) => {
    expect(laneOf(member("a", steps, rest), merged, true)).toMatchObject({ exchanged, open, waits });
  });

  it("of a round that is over has nothing under way", () => {
    expect(laneOf(member("a", steps, { reached: 4 }), 4, false)).toMatchObject({
      open: null,
      waits: false,
      ahead: [8, 12],
    });
  });

  it("tells what was missed and where the party came back", () => {
    const lane = laneOf(member("a", [2, 4, 6, 8, 10], { reached: 8, missed: [4, 6] }), 8, true);
    expect(lane).toMatchObject({ exchanged: [2, 8], missed: [4, 6], ahead: [10], backAt: 8 });
    expect(laneWords(lane)).toBe(
      "2 of 5 exchanges done, missed 2 (steps 4, 6), back at step 8, works on steps 8 to 10",
    );
    const away = laneOf(member("a", [2, 4, 6], { reached: 4, missed: [4] }), 4, true);
    expect(away.backAt).toBeNull();
    expect(laneWords(away)).toContain("missed 1 (step 4)");
  });

  it("names the ends of many that were missed", () => {
    const missed = Array.from({ length: 100 }, (_, i) => i + 3);
    const lane = laneOf(
      member(
        "a",
        Array.from({ length: 249 }, (_, i) => i + 1),
        { reached: 102, missed },
      ),
      102,
      true,
    );
    expect(laneWords(lane)).toContain("missed 100 (between steps 3 and 102)");
  });

  it("puts every exchange in exactly one place", () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(gaps, fc.nat(), fc.nat(), (lengths, at, mask) => {
        const all = stepsOf(lengths.map((every) => ({ every, times: 1 })));
        const reached = [0, ...all][at % (all.length + 1)] ?? 0;
        const missed = all.filter((step, i) => step <= reached && ((mask >> (i % 30)) & 1) === 1);
        const lane = laneOf(member("a", all, { reached, missed }), reached, true);
        expect([...lane.exchanged, ...lane.missed, ...lane.ahead].sort((a, b) => a - b)).toEqual(all);
        expect(lane.open).toEqual(reached === all.at(-1) ? null : { from: reached, to: lane.ahead[0] });
      }),
    );
  });
});

describe("the axis", () => {
  it.each([
    [1, [0, 1]],
    [4, [0, 1, 2, 3, 4]],
    [20, [0, 5, 10, 15, 20]],
    [100, [0, 20, 40, 60, 80, 100]],
    [250, [0, 50, 100, 150, 200, 250]],
    [256, [0, 50, 100, 150, 200, 256]],
  ])("of %i steps has round numbers and its end", (steps, ticks) => expect(axisTicks(steps)).toEqual(ticks));

  it("never has more than eight", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (steps) => {
        const ticks = axisTicks(steps);
        expect(ticks.length).toBeLessThanOrEqual(8);
        expect([ticks[0], ticks.at(-1)]).toEqual([0, steps]);
      }),
    );
  });
});

describe("shares of the fast group", () => {
  const [a, b] = [member("a", [4]), member("b", [4])];
  const status = "finished" as const;
  const groupOf = (party: string) => ({ parties: [party], divergence: 0 });

  it("count the rounds that a party was a member of", () => {
    const rounds = [
      { members: [a, b], group: groupOf("a"), status },
      { members: [a], group: groupOf("a"), status },
      { members: [a, b], group: groupOf("b"), status },
      { members: [a, b], group: null, status },
    ];
    expect(Object.fromEntries(fastShares(rounds))).toEqual({ a: { fast: 2, rounds: 4 }, b: { fast: 1, rounds: 3 } });
  });

  it("count what a cap counts: the first round, in which nobody may be fast, and none that was void", () => {
    const first = { members: [a, b], group: null, status };
    expect(fastShares([first])).toEqual(new Map());
    const gone = { members: [a, b], group: groupOf("a"), status: "void" as const };
    const later = Array.from({ length: 3 }, () => ({ members: [a, b], group: groupOf("a"), status }));
    expect(fastShares([first, gone, ...later]).get("a")).toEqual({ fast: 3, rounds: 4 });
  });
});
