import type { Activity, Status } from "@concord/party/browser";
import { expect, it } from "vitest";
import { firstView, LOSS_LIMIT, seeStatus } from "./tab-view.ts";

const status = (activity: Activity, updates = 0, loss?: number): Status => ({
  ...activity,
  bytesUp: 0,
  bytesDown: 0,
  updates,
  loss,
});
const training = (round: number): Activity => ({ kind: "training", round, segment: 0, from: 0, to: 20, steps: 20 });
const waiting: Activity = { kind: "waiting", reason: "others have not replied yet" };

it("remembers the round while it waits, and one loss for each update", () => {
  const seen = [
    status(training(1)),
    status(waiting, 1, 0.9),
    status({ kind: "evaluating", round: 1 }, 1, 0.9),
    status(training(2), 1, 0.9),
    status(waiting, 2, 0.7),
  ].reduce(seeStatus, firstView(status({ kind: "connecting" })));
  expect(seen.round).toBe(2);
  expect(seen.losses).toEqual([0.9, 0.7]);
});

it("keeps the latest losses only", () => {
  let view = firstView(status({ kind: "connecting" }));
  for (let n = 1; n <= LOSS_LIMIT + 10; n++) view = seeStatus(view, status(waiting, n, n));
  expect(view.losses).toHaveLength(LOSS_LIMIT);
  expect(view.losses.at(-1)).toBe(LOSS_LIMIT + 10);
});
