import { words } from "@concord/learning";
import type { RewardModel } from "./reward-model.ts";

/**
 * Diversity of prompt and answer as published for MAP: Π_{n = 2, 3, 4} (different n-grams) / (n-grams + 1), in [0, 1).
 * It reads the text from the beginning of the prompt, so that an answer that repeats its prompt pays for it.
 */
export function diversity(): RewardModel {
  return {
    name: "diversity",
    version: "2-4",
    batch: 1024,
    score: async (answers) => answers.map(({ prompt, answer }) => ngramDiversity(`${prompt} ${answer}`)),
  };
}

/** Π_{n = 2, 3, 4} of the share of n-grams that are different; 0 for a text of fewer than four words. */
export function ngramDiversity(text: string): number {
  const tokens = words(text);
  return [2, 3, 4].reduce((product, n) => {
    const count = Math.max(0, tokens.length - n + 1);
    const different = new Set<string>();
    for (let i = 0; i < count; i++) different.add(tokens.slice(i, i + n).join(" "));
    return (product * different.size) / (count + 1);
  }, 1);
}
