import type { DualKind, Palette } from "@concord/alignment";
import { AlignmentError, draw, pickWeights, samplesByPrompt, sampleWeights, solve } from "@concord/alignment";
import { key, rng, split } from "@concord/engine/random";
import type { Pilot } from "./pilot.ts";

/** A palette under which an answer is drawn; an empty one is the base model. */
export interface Side {
  readonly palette: Palette;
  readonly dual: DualKind;
}

/** One answer of the pilot. */
export interface ShownAnswer {
  readonly prompt: string | null;
  readonly answer: string;
  /** In the order of the values. */
  readonly rewards: readonly number[];
  /** The chance with which it is picked: among the answers to its prompt, or among all where each prompt has one. */
  readonly chance: number;
}

/** For each draw an answer under each side; null where a side cannot be reached. */
export type SampleDraws = readonly (readonly (ShownAnswer | null)[])[];

/**
 * Draws answers of the pilot under each side. Where prompts have several answers, one is picked among them as serving
 * picks among candidates, with the same random number for all sides: what differs is due to the palette.
 */
export function drawSamples(pilot: Pilot, sides: readonly Side[], seed: number, count: number): SampleDraws {
  const { rewards, view } = pilot;
  const weights = sides.map((side) => weightsOf(pilot, side));
  const sets = view.severalAnswers ? samplesByPrompt(rewards) : null;
  return Array.from({ length: count }, (_, i) => {
    const place = split(key(seed), i);
    const set = sets?.[rng(split(place, "prompt")).below(sets.length)] ?? null;
    return weights.map((weight) => {
      if (weight === null) return null;
      const rows = set === null ? Array.from(weight.keys()) : Array.from(set);
      // Logarithms, since within a prompt far from the target all weights may be close to 0.
      const chances = pickWeights(rows.map((j) => Math.log(Math.max(weight[j] as number, Number.MIN_VALUE))));
      const picked = draw(chances, rng(split(place, "answer")));
      return shown(pilot, rows[picked] as number, chances[picked] as number);
    });
  });
}

function weightsOf({ rewards }: Pilot, { palette, dual }: Side): Float64Array | null {
  if (palette.length === 0) return new Float64Array(rewards.n).fill(1 / rewards.n);
  try {
    return solve(rewards, palette, dual).feasible ? sampleWeights(rewards, palette, dual) : null;
  } catch (error) {
    if (error instanceof AlignmentError) return null;
    throw error;
  }
}

function shown({ rewards, answers, questions }: Pilot, j: number, chance: number): ShownAnswer {
  const m = rewards.values.length;
  return {
    prompt: questions?.[j] ?? null,
    answer: answers?.[j] ?? "",
    rewards: Array.from(rewards.data.subarray(j * m, (j + 1) * m)),
    chance,
  };
}
