import { AlignmentError } from "../alignment-error.ts";
import type { Answer, RewardModel } from "./reward-model.ts";

/** A reward with the answer that it was given for, such as a row of a file. */
export interface Recorded extends Answer {
  readonly reward: number;
}

/**
 * Rewards that somebody else has given, looked up by prompt and answer.
 * Throws AlignmentError if one answer has two different rewards, or is asked for and not there.
 */
export function recorded(name: string, rows: Iterable<Recorded>): RewardModel {
  const known = new Map<string, number>();
  const keyOf = ({ prompt, answer }: Answer) => JSON.stringify([prompt, answer]);
  for (const row of rows) {
    const key = keyOf(row);
    const before = known.get(key);
    if (before !== undefined && before !== row.reward) {
      throw new AlignmentError(
        `"${name}" has the rewards ${before} and ${row.reward} for one answer (${key.slice(0, 80)})`,
      );
    }
    known.set(key, row.reward);
  }
  return {
    name,
    version: `${known.size} rows`,
    batch: 1024,
    score: async (answers) =>
      answers.map((answer) => {
        const reward = known.get(keyOf(answer));
        if (reward === undefined) {
          throw new AlignmentError(
            `"${name}" has no reward for the answer ${JSON.stringify(answer.answer).slice(0, 80)}`,
          );
        }
        return reward;
      }),
  };
}
