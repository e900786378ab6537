import { AlignmentError } from "../alignment-error.ts";

/** An answer to a prompt: what a reward judges. */
export interface Answer {
  readonly prompt: string;
  readonly answer: string;
}

/**
 * Gives answers numbers for one value: raw, in any unit, more is better. The same answer gets the same number, unless the
 * model behind it is a judge that wavers.
 */
export interface RewardModel {
  /** The value's name, such as "diversity". */
  readonly name: string;
  /** Changes whenever the same answer may get another number; part of the key under which a number is remembered. */
  readonly version: string;
  /** Answers that it likes to be given at once. */
  readonly batch: number;
  /** A number for each answer, in their order. Rejects if it cannot judge them, or with the signal's reason. */
  score(answers: readonly Answer[], signal?: AbortSignal): Promise<readonly number[]>;
}

/** Numbers that were given before. */
export interface RewardCache {
  get(key: string): number | undefined;
  set(key: string, reward: number): void;
}

/** A cache in memory that forgets what has not been asked for the longest. */
export function rewardCache(limit = 100_000): RewardCache {
  const known = new Map<string, number>();
  return {
    get(key) {
      const reward = known.get(key);
      if (reward === undefined) return undefined;
      known.delete(key);
      known.set(key, reward);
      return reward;
    },
    set(key, reward) {
      known.delete(key);
      known.set(key, reward);
      if (known.size <= limit) return;
      const oldest = known.keys().next().value;
      if (oldest !== undefined) known.delete(oldest);
    },
  };
}

/** The same rewards, asked for once: equal answers share a number, also within one call. */
export function cached(model: RewardModel, cache: RewardCache): RewardModel {
  const keyOf = ({ prompt, answer }: Answer) => JSON.stringify([model.name, model.version, prompt, answer]);
  return {
    ...model,
    async score(answers, signal) {
      const keys = answers.map(keyOf);
      const found = new Map<string, number>();
      const asked = new Map<string, Answer>();
      keys.forEach((key, i) => {
        const known = cache.get(key);
        if (known !== undefined) found.set(key, known);
        else asked.set(key, answers[i] as Answer);
      });
      const fresh = asked.size === 0 ? [] : await model.score([...asked.values()], signal);
      [...asked.keys()].forEach((key, i) => {
        const reward = fresh[i];
        if (reward === undefined) return;
        found.set(key, reward);
        cache.set(key, reward);
      });
      return keys.map((key) => found.get(key) ?? Number.NaN);
    },
  };
}

export interface ScoringOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch how many numbers there are of all that there will be. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
}

/**
 * The rewards of every answer under every model, n × m, batch by batch.
 * Throws AlignmentError, naming value and answer, where a model gives no finite number or too few of them.
 */
export async function scoreAll(
  models: readonly RewardModel[],
  answers: readonly Answer[],
  { signal, onProgress }: ScoringOptions = {},
): Promise<Float64Array> {
  const [n, m] = [answers.length, models.length];
  const rewards = new Float64Array(n * m);
  let done = 0;
  for (const [i, model] of models.entries()) {
    for (let from = 0; from < n; from += model.batch) {
      signal?.throwIfAborted();
      const part = answers.slice(from, from + model.batch);
      const scores = await model.score(part, signal);
      if (scores.length !== part.length) {
        throw new AlignmentError(`"${model.name}" gave ${scores.length} rewards for ${part.length} answers`);
      }
      scores.forEach((reward, j) => {
        if (!Number.isFinite(reward)) {
          throw new AlignmentError(
            `"${model.name}" gave ${reward} for answer ${from + j + 1}; a reward must be finite`,
          );
        }
        rewards[(from + j) * m + i] = reward;
      });
      done += part.length;
      onProgress?.(done, n * m);
    }
  }
  return rewards;
}
