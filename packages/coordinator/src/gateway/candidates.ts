import type { ServedGoal } from "@concord/alignment";
import { draw, pickWeights, score } from "@concord/alignment";
import type { Answer, RewardModel } from "@concord/alignment/scoring";
import { scoreAll } from "@concord/alignment/scoring";
import { key, rng, split } from "@concord/engine";
import type { Candidate } from "./base-model.ts";

export interface ScoredCandidate extends Candidate {
  /** By value. */
  readonly rewards: Readonly<Record<string, number>>;
}

export interface Scored {
  readonly candidates: readonly ScoredCandidate[];
  /** One sentence for each candidate that could not be judged. */
  readonly problems: readonly string[];
}

/** Judges candidates. Where all at once fails, each is judged alone, and those that cannot be are left out. */
export async function scoreCandidates(
  models: readonly RewardModel[],
  prompt: string,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<Scored> {
  if (candidates.length === 0) return { candidates: [], problems: [] };
  const judge = async (some: readonly Candidate[]): Promise<ScoredCandidate[]> => {
    const answers = some.map(({ text }): Answer => ({ prompt, answer: text }));
    const rewards = await scoreAll(models, answers, { signal });
    return some.map((candidate, j) => ({
      ...candidate,
      rewards: Object.fromEntries(models.map(({ name }, i) => [name, rewards[j * models.length + i] as number])),
    }));
  };
  try {
    return { candidates: await judge(candidates), problems: [] };
  } catch {
    signal.throwIfAborted();
    const settled = await Promise.allSettled(candidates.map((candidate) => judge([candidate])));
    return {
      candidates: settled.flatMap((one) => (one.status === "fulfilled" ? one.value : [])),
      problems: settled.flatMap((one) => (one.status === "rejected" ? ["it could not be scored"] : [])),
    };
  }
}

export interface Pick {
  readonly scores: readonly number[];
  readonly weights: readonly number[];
  /** The place of the answer among the candidates. */
  readonly picked: number;
}

/** MAP-D (Algorithm 1): candidate i with probability softmax_i(λ·r_i), drawn from the seed. */
export function pick(goals: readonly ServedGoal[], candidates: readonly ScoredCandidate[], seed: number): Pick {
  const scores = candidates.map(({ rewards }) => score(goals, rewards));
  const weights = pickWeights(scores);
  return { scores, weights, picked: draw(weights, rng(split(key(seed), "pick"))) };
}
