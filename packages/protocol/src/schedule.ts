import { z } from "zod";

/**
 * Ascending local steps as runs of equal gaps: `[{ every: 4, times: 62 }, { every: 2, times: 1 }]` is 4, 8 … 248, 250. A
 * party that exchanges after each of 250 steps would otherwise take 250 numbers wherever its schedule is told.
 */
export const scheduleSchema = z
  .array(z.object({ every: z.int().min(1).max(1_000_000), times: z.int().min(1).max(1_000_000) }))
  .min(1)
  .max(10_000)
  .describe(
    "Local steps as runs of equal gaps: every so many steps, so many times, from where the run before has ended",
  );

export type Schedule = Readonly<z.output<typeof scheduleSchema>>;

/** Steps as runs. Throws RangeError unless they are whole, positive and ascending. */
export function scheduleOf(steps: readonly number[]): Schedule {
  const runs: { every: number; times: number }[] = [];
  let before = 0;
  for (const step of steps) {
    const every = step - before;
    if (!Number.isSafeInteger(step) || every < 1) {
      throw new RangeError(`expected ascending whole steps above 0, got ${step} after ${before}`);
    }
    const run = runs.at(-1);
    if (run?.every === every) run.times++;
    else runs.push({ every, times: 1 });
    before = step;
  }
  return runs;
}

/** The steps of a schedule, ascending. */
export function stepsOf(schedule: Schedule): number[] {
  let step = 0;
  return schedule.flatMap(({ every, times }) =>
    Array.from({ length: times }, () => {
      step += every;
      return step;
    }),
  );
}

/** How many exchanges a schedule has. */
export function exchangeCount(schedule: Schedule): number {
  return schedule.reduce((count, { times }) => count + times, 0);
}

/** The last step of a schedule, at which its round ends. */
export function lastStepOf(schedule: Schedule): number {
  return schedule.reduce((step, { every, times }) => step + every * times, 0);
}
