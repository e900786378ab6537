import { writeFile } from "node:fs/promises";
import type { IntervalPlan, PlanQuestion } from "@concord/federation";
import { LEVELS } from "@concord/federation";
import { Document, isCollection } from "yaml";
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
  const document = new Document({ algorithm });
  const list = document.getIn(["algorithm", "levels"], true);
  if (isCollection(list)) list.flow = true;
  try {
    await writeFile(path, document.toString({ flowCollectionPadding: false }));
  } catch (error) {
    throw new InputError(`cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}
