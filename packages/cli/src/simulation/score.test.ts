import type { RoundReport } from "@concord/federation";
import { NO_TRAFFIC } from "@concord/federation";
import { expect, it } from "vitest";
import { scoreOf } from "./score.ts";

/** Rounds 1, 2, … with these accuracies; null where a round was not evaluated. */
function history(...accuracies: (number | null)[]): RoundReport[] {
  return accuracies.map((accuracy, i) => ({
    round: i + 1,
    members: ["a"],
    exchanges: 1,
    trainLoss: 1,
    evaluation: accuracy === null ? null : { accuracy, loss: 1, examples: 10 },
    traffic: { train: NO_TRAFFIC, evaluate: NO_TRAFFIC },
  }));
}

it("is the mean over the last rounds, of those that were evaluated", () => {
  expect(scoreOf(history(0.1, 0.2, 0.5, 0.7), 4, { lastRounds: 2 })).toBeCloseTo(0.6, 12);
  expect(scoreOf(history(0.1, 0.2, null, 0.7), 4, { lastRounds: 2 })).toBe(0.7);
  expect(scoreOf(history(0.1, 0.2, 0.5, 0.7), 4, { lastRounds: 4 })).toBeCloseTo(0.375, 12);
});

it("is over the same stretch where each round was cut into three", () => {
  const cut = history(null, null, 0.1, null, null, 0.2, null, null, 0.5, null, null, 0.7);
  expect(scoreOf(cut, 4, { lastRounds: 2 })).toBeCloseTo(0.6, 12);
  expect(scoreOf(cut, 4, { lastRounds: 1 })).toBe(0.7);
});

it("is the last accuracy where no score is asked for, and null where nothing was measured", () => {
  expect(scoreOf(history(0.1, 0.4, null), 3, undefined)).toBe(0.4);
  expect(scoreOf(history(null, null), 2, { lastRounds: 1 })).toBeNull();
  expect(scoreOf([], 2, undefined)).toBeNull();
});
