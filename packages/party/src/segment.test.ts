import type { Tensor, Tree } from "@concord/engine";
import { encodeSafetensors, flatten, float32, key } from "@concord/engine";
import type { Algorithm } from "@concord/federation";
import { algorithmOf, keepPrivate, openPrivate } from "@concord/federation";
import { buildTask } from "@concord/learning";
import { ConcordError } from "@concord/protocol";
import { describe, expect, test } from "vitest";
import type { CoordinatorClient } from "./client.ts";
import { memoryStore, stateBefore } from "./private-state.ts";
import { trainSegment, type Workbench } from "./segment.ts";

const TASK = buildTask({
  model: { kind: "softmax" },
  inputShape: [1],
  outputs: 1,
  loss: "mse",
  optimizer: { kind: "sgd" },
  learningRate: 0.1,
  batchSize: 1,
});
const MODEL: Tree<Tensor> = { fc1: { weight: float32([1, 1], [1]), bias: float32([1], [0]) } };
const counted = (n: number): Tree<Tensor> => ({ segments: float32([], [n]) });

/** Counts in its private state how many segments it has trained. */
const counting: Algorithm = {
  ...algorithmOf({ kind: "fedavg", localSteps: 1 }),
  train: async ({ model, privateState }) => {
    const before = privateState && (openPrivate(privateState).segments as Tensor).data[0];
    return { update: model, privateState: keepPrivate(counted(Number(before ?? 0) + 1)), loss: 0.5 };
  },
};

type Answer = "accepted" | "duplicate" | "late" | "refused upload" | "lost reply";

/** A party whose coordinator answers each round as told; gives what the party keeps after each. */
async function keptAfter(answers: readonly Answer[]): Promise<number[]> {
  const privateStore = memoryStore();
  let answer: Answer = "accepted";
  const client: Pick<CoordinatorClient, "download" | "upload" | "reply"> = {
    download: async () => encodeSafetensors(MODEL),
    async upload() {
      if (answer === "refused upload") throw new ConcordError("failed_precondition", "the exchange is over");
      return { sha256: "0".repeat(64), bytes: 1 };
    },
    async reply() {
      if (answer === "lost reply") throw new ConcordError("unavailable", "nobody answers");
      return { status: answer as "accepted" | "duplicate" | "late" };
    },
  };
  const bench = { party: "a", task: TASK, algorithm: counting, key: key(1), data: {}, privateStore, client };
  const kept: number[] = [];
  for (const [i, next] of answers.entries()) {
    answer = next;
    const round = i + 1;
    const lease = {
      id: `${round}`,
      round,
      expiresInSeconds: 9,
      heartbeatSeconds: 3,
      model: { sha256: "", bytes: 200 },
    };
    const work = { kind: "train" as const, lease, steps: 1, segment: { index: 0, from: 0, to: 1 } };
    await trainSegment(work, bench as unknown as Workbench, new AbortController().signal).catch(() => {});
    const state = stateBefore(await privateStore.entries(), { round: round + 1, segment: 0 });
    kept.push(state === undefined ? 0 : (flatten(openPrivate(state))[0]?.[1].data[0] ?? Number.NaN));
  }
  return kept;
}

describe("the private state after a segment", () => {
  test("is the new one where the update counts, the first time or again", async () => {
    expect(await keptAfter(["accepted", "duplicate", "accepted"])).toEqual([1, 2, 3]);
  });

  test("is the one before where the update came too late, or was not taken", async () => {
    expect(await keptAfter(["accepted", "late", "accepted", "refused upload"])).toEqual([1, 1, 2, 2]);
  });

  test("is none where there was none before", async () => {
    expect(await keptAfter(["late", "refused upload", "accepted"])).toEqual([0, 0, 1]);
  });

  test("is the new one where nobody knows whether the reply arrived", async () => {
    expect(await keptAfter(["accepted", "lost reply"])).toEqual([1, 2]);
  });
});
