import { describe, expect, it } from "vitest";
import type { z } from "zod";
import * as messages from "./messages.ts";

const blob = { sha256: "0f".repeat(32), bytes: 1024 };
const lease = { id: "l1", round: 3, expiresInSeconds: 30, heartbeatSeconds: 5, model: blob };
const traffic = { payloadUp: 1, payloadDown: 2, indexUp: 0, indexDown: 0, wireUp: 3, wireDown: 4 };
const SPEC = {
  name: "digits",
  task: {
    model: { kind: "softmax" },
    inputShape: [28, 28, 1],
    outputs: 10,
    loss: "cross-entropy",
    optimizer: { kind: "sgd" },
    learningRate: 0.1,
    batchSize: 32,
  },
  dataset: "handwriting",
  algorithm: { kind: "fedavg", localSteps: 20 },
  rounds: 30,
  seed: 1,
  minimumParties: 2,
  quorum: 0.5,
  exchangeDeadline: 60,
  roundDeadline: 600,
  leaseSeconds: 30,
  evaluation: { every: 1, parties: "all" },
};
const party = {
  id: "ada",
  name: "Ada",
  status: "active",
  online: true,
  activity: "training",
  client: "browser",
  examples: 10,
  heldOut: 2,
  labels: null,
  joinedAt: "2026-11-22T10:00:00.000Z",
  updates: 1,
  missed: 0,
  train: traffic,
  evaluate: traffic,
};
const join = { federation: "digits", invite: "ci_x", examples: 10, heldOut: 2, client: "node" };

/** Messages that are accepted exactly as they are. */
const EXAMPLES: readonly (readonly [name: string, schema: z.ZodType, message: object])[] = [
  ["session", messages.sessionRequestSchema, { token: "c1_x" }],
  ["session answer", messages.sessionResponseSchema, { key: "co_x", role: "operator" }],
  ["invite", messages.inviteRequestSchema, { uses: 3, expiresInSeconds: 60, party: "ada" }],
  ["invite answer", messages.inviteResponseSchema, { url: "http://x/join/digits#ci_", expiresAt: "2026" }],
  ["inspect", messages.inspectRequestSchema, { federation: "digits", invite: "ci_x" }],
  [
    "inspect answer",
    messages.inspectResponseSchema,
    {
      federation: { id: "digits", spec: SPEC },
      status: "running",
      parties: 8,
      round: 3,
      expiresAt: "2026",
      sample: true,
    },
  ],
  ["join", messages.joinRequestSchema, { ...join, name: "Ada", labels: [5, 5] }],
  ["join answer", messages.joinResponseSchema, { party: "ada", key: "cp_x", federation: { id: "digits", spec: SPEC } }],
  ["work question", messages.workRequestSchema, { waitSeconds: 5 }],
  ["training", messages.workSchema, { kind: "train", lease, steps: 20, segment: { index: 0, from: 0, to: 20 } }],
  ["evaluation", messages.workSchema, { kind: "evaluate", lease }],
  ["waiting", messages.workSchema, { kind: "wait", reason: "the round has not started" }],
  ["the end", messages.workSchema, { kind: "finished", reason: "30 rounds are over" }],
  ["heartbeat", messages.heartbeatResponseSchema, { expiresInSeconds: 30 }],
  ["update", messages.replyRequestSchema, { kind: "train", update: blob, loss: 0.5 }],
  [
    "measurement",
    messages.replyRequestSchema,
    { kind: "evaluate", evaluation: { loss: { sum: 1.5, count: 3 }, accuracy: { sum: 2, count: 3 } } },
  ],
  ["reply answer", messages.replyResponseSchema, { status: "late" }],
  ["status", messages.statusRequestSchema, { status: "paused" }],
  ["party", messages.partyViewSchema, party],
  [
    "round",
    messages.roundViewSchema,
    {
      round: 1,
      status: "training",
      startedAt: "2026",
      endedAt: null,
      steps: 8,
      members: [{ party: "ada", exchanges: [{ every: 4, times: 2 }], reached: 4, missed: [4], completed: false }],
      group: { parties: ["ada"], divergence: 0.5 },
      merged: 4,
      trainLoss: null,
      accuracy: null,
      loss: null,
      evaluated: null,
      wireUp: 0,
      wireDown: 0,
    },
  ],
  [
    "federation",
    messages.federationViewSchema,
    {
      id: "digits",
      spec: SPEC,
      status: "waiting",
      createdAt: "2026",
      round: 0,
      parameters: 7850,
      model: null,
      accuracySource: "the parties' held-out data",
    },
  ],
];

describe("messages", () => {
  it.each(EXAMPLES)("are accepted as they are: %s", (_, schema, message) => {
    expect(schema.parse(JSON.parse(JSON.stringify(message)))).toEqual(message);
  });

  it.each(EXAMPLES)("are refused as text, a list, null: %s", (_, schema) => {
    for (const wrong of ["text", [], null, 1]) expect(schema.safeParse(wrong).success).toBe(false);
  });

  it("fill in what a question may leave out", () => {
    expect(messages.inviteRequestSchema.parse({})).toEqual({ uses: 1, expiresInSeconds: 86_400 });
    expect(messages.workRequestSchema.parse({})).toEqual({ waitSeconds: 20 });
  });
});

describe("what must not pass", () => {
  const cases: readonly (readonly [name: string, schema: z.ZodType, message: unknown, field: string])[] = [
    ["work of an unknown kind", messages.workSchema, { kind: "run", program: blob }, "kind"],
    ["a reply of an unknown kind", messages.replyRequestSchema, { kind: "finished" }, "kind"],
    ["a reply without a kind", messages.replyRequestSchema, { update: blob, loss: 1 }, "kind"],
    [
      "a loss of null, which is NaN in JSON",
      messages.replyRequestSchema,
      { kind: "train", update: blob, loss: null },
      "loss",
    ],
    ["a loss of NaN", messages.replyRequestSchema, { kind: "train", update: blob, loss: Number.NaN }, "loss"],
    [
      "an infinite loss",
      messages.replyRequestSchema,
      { kind: "train", update: blob, loss: Number.POSITIVE_INFINITY },
      "loss",
    ],
    [
      "a blob that is a path",
      messages.replyRequestSchema,
      { kind: "train", update: { ...blob, sha256: "../../x" }, loss: 1 },
      "update.sha256",
    ],
    [
      "a blob of negative size",
      messages.replyRequestSchema,
      { kind: "train", update: { ...blob, bytes: -1 }, loss: 1 },
      "update.bytes",
    ],
    [
      "a measurement over a negative count",
      messages.replyRequestSchema,
      { kind: "evaluate", evaluation: { loss: { sum: 1, count: -1 } } },
      "evaluation.loss.count",
    ],
    [
      "a measurement of infinity",
      messages.replyRequestSchema,
      { kind: "evaluate", evaluation: { loss: { sum: Number.POSITIVE_INFINITY, count: 1 } } },
      "evaluation.loss.sum",
    ],
    ["a party without examples", messages.joinRequestSchema, { ...join, examples: 0 }, "examples"],
    ["more examples than there are", messages.joinRequestSchema, { ...join, examples: 1e13 }, "examples"],
    ["half an example", messages.joinRequestSchema, { ...join, examples: 1.5 }, "examples"],
    ["a federation with a slash", messages.joinRequestSchema, { ...join, federation: "a/b" }, "federation"],
    ["a federation that begins with a dash", messages.joinRequestSchema, { ...join, federation: "-a" }, "federation"],
    ["an invite of a megabyte", messages.joinRequestSchema, { ...join, invite: "x".repeat(1e6) }, "invite"],
    ["a name without letters", messages.joinRequestSchema, { ...join, name: "" }, "name"],
    ["labels below zero", messages.joinRequestSchema, { ...join, labels: [1, -1] }, "labels.1"],
    ["too many labels", messages.joinRequestSchema, { ...join, labels: Array(10_001).fill(0) }, "labels"],
    ["an endless wait", messages.workRequestSchema, { waitSeconds: 3600 }, "waitSeconds"],
    ["an invite for nobody", messages.inviteRequestSchema, { uses: 0 }, "uses"],
    ["an invite for a year", messages.inviteRequestSchema, { expiresInSeconds: 365 * 86_400 }, "expiresInSeconds"],
    ["a party that sets itself absent", messages.statusRequestSchema, { status: "absent" }, "status"],
  ];

  it.each(cases)("%s", (_, schema, message, field) => {
    const { error } = schema.safeParse(message);
    expect(error?.issues[0]?.path.join(".")).toBe(field);
  });

  it("is a field that nobody knows, in anything a stranger sends", () => {
    for (const [schema, message] of [
      [messages.joinRequestSchema, join],
      [messages.sessionRequestSchema, { token: "x" }],
      [messages.inviteRequestSchema, {}],
      [messages.inspectRequestSchema, { federation: "f", invite: "i" }],
      [messages.workRequestSchema, {}],
      [messages.statusRequestSchema, { status: "left" }],
      [messages.replyRequestSchema, { kind: "train", update: blob, loss: 1 }],
    ] as const) {
      expect(schema.safeParse(message).success).toBe(true);
      expect(schema.safeParse({ ...message, role: "operator" }).success).toBe(false);
    }
  });
});
