import type { Reachable, Unreachable } from "./solve.ts";

type Finding = Omit<Reachable, "verdict"> | Omit<Unreachable, "verdict">;

/** In a sentence or two: reachable, not reachable because, or not estimable from this many samples. */
export function verdict(finding: Finding): string {
  return finding.feasible ? reachableVerdict(finding) : unreachableVerdict(finding);
}

function reachableVerdict({
  kl,
  ess,
  samples,
  prompts,
  dual,
  estimable,
  lambda,
  kkt,
}: Omit<Reachable, "verdict">): string {
  const costs = Object.values(lambda).every((price) => price === 0)
    ? "the base model is there already (KL 0)"
    : `KL ${show(kl)} from the base model`;
  const inexact = kkt > 1e-8 ? ` The multipliers are inexact (error ${show(kkt)} sd): the target is at the edge.` : "";
  const unit = dual === "joint" ? "samples" : "answers";
  if (estimable) return `reachable: ${costs}; the answer rests on ${Math.round(ess)} of ${samples} ${unit}.${inexact}`;
  if (dual === "per-prompt") {
    return `not estimable from this many samples: the palette is reachable on these ${prompts} prompts (${costs}), too few to speak for others; at least 50 are needed.${inexact}`;
  }
  const needed = Math.ceil((samples * 50) / Math.min(ess, samples));
  return `not estimable from this many samples: the palette is reachable on them (${costs}), but the answer rests on about ${show(ess)} of ${samples}; about ${needed} would be needed, or lower targets.${inexact}`;
}

function unreachableVerdict({ conflict, nearest, goals, slack, dual }: Omit<Unreachable, "verdict">): string {
  const levels = new Map(goals.map(({ label, level }) => [label, level]));
  const names = conflict.map((label) => `${label} ≥ ${show(levels.get(label) ?? Number.NaN)}`);
  const what =
    names.length === 1
      ? `${names[0]} is beyond what any weighting of the answers gives`
      : `${names.slice(0, -1).join(", ")} and ${names.at(-1)} cannot be had together`;
  const lowered = goals.filter(({ label, level }) => (nearest[label] as number) < level);
  const instead = lowered.map(({ label }) => `${label} ${show(nearest[label] as number)}`).join(", ");
  const edge =
    slack === 0 || Math.abs(slack) < 1e-12 ? " (it is approached, never reached: the target is at the very edge)" : "";
  const from = dual === "per-prompt" ? " from these candidates" : "";
  return `not reachable${from} because ${what}${edge}.${instead === "" ? "" : ` Nearest reachable: ${instead}.`}`;
}

/** Four digits, without an exponent where one is not needed. */
function show(number: number): string {
  const text = number.toPrecision(4);
  return text.includes("e") ? text : String(Number(text));
}
