import type { Problem } from "./problem.ts";

/** What to know before an answer is believed, in words. */
export function warningsOf({ rewards, dual, constraints }: Problem, singular: boolean): string[] {
  const warnings: string[] = [];
  if (dual === "joint" && answeredOftenTwice(rewards.prompts)) {
    warnings.push(
      "most prompts have several answers: the joint dual may count on re-weighting prompts, which decoding cannot do; the per-prompt dual gives levels that decoding delivers",
    );
  }
  for (const { target, value, column } of constraints) {
    if (target.kind === "gain" && anyPositive(rewards.data, rewards.values.length, column)) {
      warnings.push(
        `${value} has rewards above 0, so they are no log-probabilities; a gain in per cent means little there`,
      );
    }
  }
  for (const { label, constant } of constraints) {
    if (constant) warnings.push(`${label} is the same for all answers: nothing can move it`);
  }
  if (singular) {
    warnings.push("some goals follow from others: what they do together is determined, each single multiplier is not");
  }
  return warnings;
}

function answeredOftenTwice(
  prompts: { readonly names: readonly string[]; readonly of: Int32Array } | undefined,
): boolean {
  if (prompts === undefined) return false;
  const counts = new Int32Array(prompts.names.length);
  for (const prompt of prompts.of) counts[prompt] = (counts[prompt] as number) + 1;
  const answered = counts.filter((count) => count > 0).length;
  return counts.filter((count) => count > 1).length > answered / 2;
}

function anyPositive(data: Float64Array, m: number, column: number): boolean {
  for (let at = column; at < data.length; at += m) if ((data[at] as number) > 0) return true;
  return false;
}
