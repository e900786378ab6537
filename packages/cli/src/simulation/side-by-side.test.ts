import { expect, it } from "vitest";
import { sideBySide } from "./side-by-side.ts";

it("does so many jobs at a time, and gives the results in the order of the jobs", async () => {
  let [busy, most] = [0, 0];
  const results = await sideBySide([3, 1, 2, 0], 2, async (turns) => {
    busy++;
    most = Math.max(most, busy);
    for (let i = 0; i <= turns; i++) await Promise.resolve();
    busy--;
    return 10 * turns;
  });
  expect(results).toEqual([30, 10, 20, 0]);
  expect(most).toBe(2);
});

it("starts no further job after a failure, tells those that run, and throws the first one", async () => {
  const started: string[] = [];
  const told: unknown[] = [];
  const work = sideBySide(["long", "bad", "later"], 2, async (job, signal) => {
    started.push(job);
    if (job === "bad") throw new Error("bad luck");
    await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }).catch((error: unknown) => told.push(error));
  await work;
  expect(started).toEqual(["long", "bad"]);
  expect(told).toEqual([new Error("bad luck")]);
});
