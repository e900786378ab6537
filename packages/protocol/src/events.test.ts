import { describe, expect, it } from "vitest";
import { type EventType, eventSchema, subscribeSchema } from "./events.ts";

const stamp = { seq: 1, time: "2026-11-22T10:00:00.000Z", federation: "digits" };

/** One of every kind: a new kind of event needs an example here. */
const EXAMPLES: { readonly [T in EventType]: object } = {
  "federation.started": {},
  "federation.finished": { rounds: 30 },
  "federation.stopped": { reason: "stopped by the operator" },
  "federation.resumed": { round: 0 },
  "party.joined": { party: "ada", name: "Ada", examples: 600, client: "browser" },
  "party.status": { party: "ada", status: "paused", reason: "it asked to" },
  "round.started": {
    round: 1,
    members: ["ada", "bob"],
    steps: 20,
    schedules: [
      { parties: ["ada"], exchanges: [{ every: 4, times: 5 }] },
      { parties: ["bob"], exchanges: [{ every: 20, times: 1 }] },
    ],
    group: { parties: ["ada"], divergence: 0.25 },
  },
  "party.dropped": { party: "bob", round: 1, step: 20, reason: "no reply in 600 s" },
  "update.accepted": { party: "ada", round: 1, step: 20, loss: 0.31, bytes: 4096 },
  "update.refused": { party: null, round: null, code: "invalid_argument", reason: "no tensor" },
  "exchange.merged": { round: 1, step: 20, parties: ["ada"], missing: ["bob"] },
  "round.void": { round: 1, reason: "no quorum" },
  "round.finished": {
    round: 1,
    accuracy: 0.8,
    loss: null,
    trainLoss: 0.4,
    evaluatedExamples: 100,
    parties: 2,
    seconds: 1.5,
    wireUp: 10,
    wireDown: 20,
  },
  "invite.created": { expiresAt: "2026-11-23T10:00:00.000Z", uses: 1 },
};

/** Fields that events of older versions do not have. */
const OPTIONAL: readonly string[] = ["schedules", "group"];

describe("events", () => {
  it.each(Object.entries(EXAMPLES))("of type %s are accepted as they are", (type, body) => {
    const event = { ...stamp, type, ...body };
    expect(eventSchema.parse(event)).toEqual(event);
  });

  it("are all in the list above", () => {
    const types = eventSchema.options.map((option) => option.shape.type.value);
    expect([...types].sort()).toEqual(Object.keys(EXAMPLES).sort());
  });

  it.each(Object.entries(EXAMPLES))("of type %s need every field", (type, body) => {
    for (const field of [...Object.keys(body), ...Object.keys(stamp), "type"]) {
      const { [field]: _, ...rest } = { ...stamp, type, ...body } as Record<string, unknown>;
      const { error } = eventSchema.safeParse(rest);
      expect(error?.issues[0]?.path).toEqual(OPTIONAL.includes(field) ? undefined : [field]);
    }
  });

  it("of an unknown type, or without a number, are refused", () => {
    expect(eventSchema.safeParse({ ...stamp, type: "party.paid" }).error?.issues[0]?.path).toEqual(["type"]);
    for (const seq of [0, -1, 1.5, "1"]) {
      expect(eventSchema.safeParse({ ...stamp, seq, type: "federation.started" }).success).toBe(false);
    }
    expect(
      eventSchema.safeParse({ ...stamp, type: "party.status", party: "a", status: "asleep", reason: "" }).success,
    ).toBe(false);
  });
});

describe("a subscription", () => {
  it("begins at the beginning unless it says where", () => {
    expect(subscribeSchema.parse({ key: "cv_x", federation: "digits" })).toEqual({
      key: "cv_x",
      federation: "digits",
      after: 0,
    });
    expect(subscribeSchema.parse({ key: "cv_x", federation: "digits", after: 7 }).after).toBe(7);
  });

  it.each([
    { key: "", federation: "digits" },
    { key: "k".repeat(101), federation: "digits" },
    { key: "k", federation: "" },
    { key: "k", federation: "digits", after: -1 },
    { key: "k", federation: "digits", after: "7" },
    { key: "k", federation: "digits", role: "operator" },
    { federation: "digits" },
    "hello",
    null,
  ])("is refused: %j", (message) => {
    expect(subscribeSchema.safeParse(message).success).toBe(false);
  });
});
