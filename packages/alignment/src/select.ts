import { AlignmentError } from "./alignment-error.ts";
import type { Rewards } from "./rewards.ts";

/** The samples of each prompt, by prompt; without prompts each sample is alone. Prompts without samples are left out. */
export function samplesByPrompt({ n, prompts }: Rewards): readonly Int32Array[] {
  if (prompts === undefined) return Array.from({ length: n }, (_, j) => Int32Array.of(j));
  const lists: number[][] = prompts.names.map(() => []);
  prompts.of.forEach((prompt, j) => {
    lists[prompt]?.push(j);
  });
  return lists.filter((list) => list.length > 0).map((list) => Int32Array.from(list));
}

/**
 * Rewards of the given sets of samples, each a prompt of its own, in that order. A set that is there twice becomes two
 * prompts, as resampling prompts with replacement wants it.
 */
export function takePrompts(rewards: Rewards, chosen: readonly Int32Array[]): Rewards {
  const { values, data, groups } = rewards;
  const m = values.length;
  const n = chosen.reduce((sum, set) => sum + set.length, 0);
  const taken = new Float64Array(n * m);
  const of = new Int32Array(n);
  const groupOf = groups && new Int32Array(n);
  let row = 0;
  chosen.forEach((set, prompt) => {
    for (const j of set) {
      for (let i = 0; i < m; i++) taken[row * m + i] = data[j * m + i] as number;
      of[row] = prompt;
      if (groupOf) groupOf[row] = groups.of[j] as number;
      row++;
    }
  });
  const names = chosen.map((_, prompt) => String(prompt));
  return {
    values,
    n,
    data: taken,
    prompts: { names, of },
    ...(groupOf && { groups: { names: groups.names, of: groupOf } }),
  };
}

/** The first k answers of each prompt. Prompts with fewer are left out; throws if that is more than one in ten. */
export function firstAnswers(rewards: Rewards, k: number): Rewards {
  if (!Number.isSafeInteger(k) || k < 2) throw new AlignmentError(`a number of candidates is at least 2, got ${k}`);
  const all = samplesByPrompt(rewards);
  const enough = all.filter((set) => set.length >= k);
  if (enough.length < 0.9 * all.length) {
    throw new AlignmentError(
      `only ${enough.length} of ${all.length} prompts have ${k} answers; draw more, or ask for fewer`,
    );
  }
  return takePrompts(
    rewards,
    enough.map((set) => set.subarray(0, k)),
  );
}
