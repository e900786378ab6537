import { describe, expect, it } from "vitest";
import type { LiveSums } from "../store/contract.ts";
import { liveLevels, withRequest } from "./live-levels.ts";
import type { LabelledGoal } from "./served-palette.ts";

const goal = (change: Partial<LabelledGoal> = {}): LabelledGoal => ({
  label: "kind",
  value: "kind",
  target: { kind: "level", level: 1 },
  level: 1,
  sd: 1,
  lambda: 0.5,
  ...change,
});
const candidate = (kind: number) =>
  ({ text: "", finish: "stop", promptTokens: 0, completionTokens: 0, rewards: { kind } }) as const;

/** The sums of requests whose two candidates have weights ¼ and ¾, so that the level of each is the given one. */
const served = (goals: readonly LabelledGoal[], levels: readonly number[]): LiveSums | null =>
  levels.reduce<LiveSums | null>(
    (sums, level) => withRequest(sums, goals, [candidate(level - 3), candidate(level + 1)], [0.25, 0.75], 1),
    null,
  );
const levelOf = (goals: readonly LabelledGoal[], levels: readonly number[]) =>
  liveLevels(served(goals, levels), goals)?.levels[0];

describe("live levels", () => {
  it("are the mean over requests of the expectation under the weights, with its interval", () => {
    const levels = Array.from({ length: 40 }, (_, i) => Math.sin(7 * i) + 1);
    const mean = levels.reduce((sum, level) => sum + level, 0) / 40;
    const sd = Math.sqrt(levels.reduce((sum, level) => sum + (level - mean) ** 2, 0) / 39);
    const live = liveLevels(served([goal()], levels), [goal()]);
    expect(live).toMatchObject({ requests: 40, candidates: 80, failed: 40 });
    const [level] = live?.levels ?? [];
    expect(level?.mean).toBeCloseTo(mean, 12);
    expect(level?.interval?.[0]).toBeCloseTo(mean - (1.96 * sd) / Math.sqrt(40), 12);
    expect(level?.interval?.[1]).toBeCloseTo(mean + (1.96 * sd) / Math.sqrt(40), 12);
  });

  it("are null before the first answer, and without an interval before the thirtieth", () => {
    expect(liveLevels(null, [goal()])).toBeNull();
    expect(levelOf([goal()], Array(29).fill(5))).toMatchObject({ mean: 5, interval: null, drift: false });
    expect(levelOf([goal()], Array(30).fill(5))).toMatchObject({ mean: 5, interval: [5, 5], drift: true });
  });

  it("count the share of answers where that is the target", () => {
    const share = goal({ target: { kind: "share", share: 0.5, threshold: 2 }, level: 0.5 });
    // Of each request the second candidate, of weight ¾, reaches 2.
    expect(levelOf([share], [1, 1.5])?.mean).toBeCloseTo(0.75, 12);
  });

  it("drift below every target, and above those that were bought", () => {
    const noisy = (around: number) => Array.from({ length: 50 }, (_, i) => around + (i % 2 === 0 ? 0.1 : -0.1));
    expect(levelOf([goal()], noisy(1))?.drift).toBe(false);
    expect(levelOf([goal()], Array(50).fill(1 + 1e-9))?.drift).toBe(false); // rounding
    expect(levelOf([goal()], noisy(0.9))?.drift).toBe(true);
    expect(levelOf([goal()], noisy(1.1))?.drift).toBe(true);
    expect(levelOf([goal({ lambda: 0 })], noisy(1.1))?.drift).toBe(false);
    expect(levelOf([goal({ lambda: 0 })], noisy(0.9))?.drift).toBe(true);
  });
});
