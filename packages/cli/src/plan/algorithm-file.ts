import { writeFile } from "node:fs/promises";
import type { IntervalPlan, PlanQuestion } from "@concord/federation";
import { LEVELS } from "@concord/federation";
import { stringify } from "yaml";
import { InputError } from "../output.ts";

/** Writes the plan as the `algorithm` of an experiment or a federation: a YAML file to copy from. */
export async function writeAlgorithm(path: string, plan: IntervalPlan, question: PlanQuestion): Promise<void> {
  const parties = Object.fromEntries(plan.parties.map(({ party, level }) => [party, level]));
  // A specification names two levels or more.
  const levels = question.levels.length > 1 ? question.levels : [...new Set(["a", ...question.levels, "g"])];
  const algorithm = {
    kind: "dynamicfl",
    localSteps: question.steps,
    levels: LEVELS.filter((level) => levels.includes(level)),
    assignment: { parties },
  };
  try {
    await writeFile(path, stringify({ algorithm }));
  } catch (error) {
    throw new InputError(`cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}
