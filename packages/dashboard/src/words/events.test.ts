import type { ConcordEvent, NewEvent } from "@concord/protocol";
import { describe, expect, it } from "vitest";
import { sentenceOf, topicOf } from "./events.ts";
import { isGenerated } from "./task.ts";

const event = (rest: NewEvent): ConcordEvent => ({ ...rest, seq: 1, time: "2026-11-03T16:05:09Z" }) as ConcordEvent;
const say = (rest: NewEvent) => sentenceOf(event(rest), (id) => `Party ${id}`);
const federation = "f";

describe("sentenceOf", () => {
  it("says what a round achieved", () => {
    const result = { evaluatedExamples: 960, parties: 8, seconds: 1.24, wireUp: 1, wireDown: 1 };
    const base = { type: "round.finished", federation, round: 3, ...result } as const;
    expect(say({ ...base, accuracy: 0.8349, loss: 0.5123, trainLoss: 0.4 })).toBe(
      "Round 3 finished in 1.2 s: accuracy 83.5%, loss 0.512.",
    );
    expect(say({ ...base, accuracy: null, loss: null, trainLoss: 0.4 })).toBe(
      "Round 3 finished in 1.2 s: training loss 0.400.",
    );
    expect(say({ ...base, accuracy: null, loss: null, trainLoss: null })).toBe("Round 3 finished in 1.2 s.");
  });

  it("names at most three of those that an exchange went without", () => {
    const merged = (missing: string[]) =>
      say({ type: "exchange.merged", federation, round: 2, step: 20, parties: ["a", "b"], missing });
    expect(merged([])).toBe("Round 2, step 20: merged 2 updates.");
    expect(merged(["c"])).toBe("Round 2, step 20: merged 2 updates without Party c.");
    expect(merged(["c", "d", "e", "f", "g"])).toBe(
      "Round 2, step 20: merged 2 updates without Party c, Party d, Party e and 2 more.",
    );
  });

  it("says who was refused, and why", () => {
    expect(
      say({ type: "update.refused", federation, party: null, round: null, code: "gone", reason: "the invite is used" }),
    ).toBe("A request was refused: the invite is used (gone).");
    expect(
      say({ type: "update.refused", federation, party: "a", round: 4, code: "invalid_argument", reason: "NaN in w" }),
    ).toBe("A reply of Party a was refused in round 4: NaN in w (invalid_argument).");
  });

  it("leaves out a reason that is not given", () => {
    expect(say({ type: "party.status", federation, party: "a", status: "paused", reason: "" })).toBe("Party a paused.");
    expect(say({ type: "party.status", federation, party: "a", status: "absent", reason: "its lease ran out" })).toBe(
      "Party a is absent: its lease ran out.",
    );
  });
});

describe("topicOf", () => {
  it("counts a merge without everybody as a problem", () => {
    const merged = { type: "exchange.merged" as const, federation, round: 1, step: 1, parties: ["a"] };
    expect(topicOf(event({ ...merged, missing: [] }))).toBe("updates");
    expect(topicOf(event({ ...merged, missing: ["b"] }))).toBe("problems");
  });
});

describe("isGenerated", () => {
  it("knows the built-in set from a real one", () => {
    expect(isGenerated("generated handwriting")).toBe(true);
    expect(isGenerated("Handwriting (generated), 28×28 digits")).toBe(true);
    expect(isGenerated("Fashion-MNIST")).toBe(false);
  });
});
