import type { StepDefinition } from "@concord/engine";
import type { DriftCorrection, Task } from "@concord/learning";

/** A task's local step with a term against drift: one definition for each task, so that a trainer compiles it once. */
export function correctedStep(correction: DriftCorrection): (task: Task) => StepDefinition {
  const definitions = new WeakMap<Task, StepDefinition>();
  return (task) => {
    const known = definitions.get(task);
    if (known !== undefined) return known;
    const made = task.correctedStep(correction);
    definitions.set(task, made);
    return made;
  };
}
