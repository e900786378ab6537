import {
  type DualKind,
  draw,
  levelsOf,
  makeProblem,
  parsePalette,
  pickWeights,
  type Rewards,
  samplesByPrompt,
  solve,
  takePrompts,
} from "@concord/alignment";
import { key, rng, split } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { candidateSets } from "./synthetic.ts";

const PROMPTS = 400;
const K = 16;
const RESAMPLES = 200;
const GOAL = 0.5;

/** Mean miss (delivered less target) over resamples of decoding among the candidates, and its standard error. */
function misses(sets: Rewards, dual: DualKind): readonly { readonly mean: number; readonly error: number }[] {
  const solution = solve(sets, parsePalette(`a=${GOAL},b=${GOAL}`), dual);
  if (!solution.feasible) throw new Error(solution.verdict);
  const { a = 0, b = 0 } = solution.lambda;
  const weights = Array.from({ length: PROMPTS }, (_, p) =>
    pickWeights(
      Array.from({ length: K }, (_, i) => {
        const at = 2 * (p * K + i);
        return a * (sets.data[at] as number) + b * (sets.data[at + 1] as number);
      }),
    ),
  );
  const delivered = Array.from({ length: RESAMPLES }, (_, resample) => {
    const random = rng(split(key("delivered"), resample));
    const sum = [0, 0];
    weights.forEach((own, p) => {
      const at = 2 * (p * K + draw(own, random));
      sum[0] = (sum[0] as number) + (sets.data[at] as number) / PROMPTS;
      sum[1] = (sum[1] as number) + (sets.data[at + 1] as number) / PROMPTS;
    });
    return sum.map((level) => level - GOAL);
  });
  return summary(delivered);
}

/** Mean and standard error of each of the two values. */
function summary(misses: readonly (readonly number[])[]): readonly { readonly mean: number; readonly error: number }[] {
  return [0, 1].map((v) => {
    const all = misses.map((miss) => miss[v] as number);
    const mean = all.reduce((total, x) => total + x, 0) / RESAMPLES;
    const variance = all.reduce((total, x) => total + (x - mean) ** 2, 0) / (RESAMPLES - 1);
    return { mean, error: Math.sqrt(variance / RESAMPLES) };
  });
}

/** Solves on resampled prompts and looks at what the multipliers deliver on all of them. */
function missesOfResampledPilots(
  sets: Rewards,
  dual: DualKind,
): readonly { readonly mean: number; readonly error: number }[] {
  const palette = parsePalette(`a=${GOAL},b=${GOAL}`);
  const prompts = samplesByPrompt(sets);
  const whole = makeProblem(sets, palette, "per-prompt");
  const misses = Array.from({ length: RESAMPLES }, (_, resample) => {
    const random = rng(split(key("pilots"), resample));
    const pilot = takePrompts(
      sets,
      prompts.map(() => prompts[random.below(prompts.length)] as Int32Array),
    );
    const solution = solve(pilot, palette, dual);
    if (!solution.feasible) throw new Error(solution.verdict);
    const { a = 0, b = 0 } = levelsOf(whole, solution);
    return [a - GOAL, b - GOAL];
  });
  return summary(misses);
}

/** MAP-D on candidate sets on which the model is right: answers are drawn from the sets that were solved on. */
describe("what decoding delivers over 200 resamples", () => {
  const table = [0, 0.3, 0.6].map((between) => {
    const sets = candidateSets(PROMPTS, K, { between, correlation: -0.5, seed: `delivered ${between}` });
    return { between, perPrompt: misses(sets, "per-prompt"), joint: misses(sets, "joint") };
  });

  it.each(table)("is the target with the per-prompt dual (share between prompts $between)", ({ perPrompt }) => {
    for (const { mean, error } of perPrompt) expect(Math.abs(mean)).toBeLessThanOrEqual(2 * error);
  });

  it("falls short with the joint dual, the more so the more of the variance is between prompts", () => {
    const shortfall = table.map(({ joint }) => joint.reduce((sum, { mean }) => sum - mean / 2, 0));
    expect(shortfall[1]).toBeGreaterThan(0.1);
    expect(shortfall[2]).toBeGreaterThan(0.25);
    expect(shortfall[2]).toBeGreaterThan(shortfall[1] as number);
  });

  it("is the target as well where each resample is a pilot of its own", () => {
    const sets = candidateSets(PROMPTS, K, { between: 0.3, correlation: -0.5, seed: "pilots" });
    for (const { mean, error } of missesOfResampledPilots(sets, "per-prompt")) {
      expect(Math.abs(mean)).toBeLessThanOrEqual(2 * error);
    }
    for (const { mean, error } of missesOfResampledPilots(sets, "joint")) expect(mean).toBeLessThan(-20 * error);
  });
});
