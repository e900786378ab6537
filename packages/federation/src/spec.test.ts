import { describe, expect, it } from "vitest";
import { TINY_TASK } from "../test/tiny-federation.ts";
import { algorithmOf } from "./registry.ts";
import { federationSpecSchema, reachesQuorum } from "./spec.ts";

const SPEC = {
  name: "tiny",
  task: TINY_TASK,
  dataset: "three clouds",
  algorithm: { kind: "fedavg", localSteps: 4 },
  rounds: 3,
  seed: 11,
};

describe("a specification", () => {
  it("fills in what was left out", () => {
    expect(federationSpecSchema.parse(SPEC)).toEqual({
      ...SPEC,
      minimumParties: 1,
      quorum: "all",
      exchangeDeadline: 600,
      roundDeadline: 3600,
      leaseSeconds: 30,
      evaluation: { every: 1, parties: "all" },
    });
    expect(federationSpecSchema.parse({ ...SPEC, evaluation: { every: 5 } }).evaluation).toEqual({
      every: 5,
      parties: "all",
    });
  });

  it("names an algorithm that is there", () => {
    expect(algorithmOf(federationSpecSchema.parse(SPEC).algorithm).name).toBe("fedavg");
    expect(algorithmOf({ kind: "fedsgd", localSteps: 1 }).name).toBe("fedsgd");
  });

  it.each<[string, object, string]>([
    ["no rounds", { rounds: 0 }, "rounds"],
    ["half a round", { rounds: 1.5 }, "rounds"],
    ["a negative seed", { seed: -1 }, "seed"],
    ["a seed that floats", { seed: 2 ** 53 }, "seed"],
    ["an empty name", { name: "" }, "name"],
    ["an unknown algorithm", { algorithm: { kind: "fedmagic", localSteps: 1 } }, "algorithm.kind"],
    ["no local steps", { algorithm: { kind: "fedavg", localSteps: 0 } }, "algorithm.localSteps"],
    ["local steps as text", { algorithm: { kind: "fedsgd", localSteps: "4" } }, "algorithm.localSteps"],
    [
      "no active parties",
      { algorithm: { kind: "fedavg", localSteps: 1, activeParties: 0 } },
      "algorithm.activeParties",
    ],
    ["a negative μ", { algorithm: { kind: "fedprox", localSteps: 1, mu: -0.1 } }, "algorithm.mu"],
    ["no μ", { algorithm: { kind: "fedprox", localSteps: 1 } }, "algorithm.mu"],
    [
      "more exchanges than steps",
      { algorithm: { kind: "fedavg-inner", localSteps: 5, exchanges: 6 } },
      "algorithm.exchanges",
    ],
    ["half an exchange", { algorithm: { kind: "fedavg-short", localSteps: 5, exchanges: 2.5 } }, "algorithm.exchanges"],
    ["an α of 0", { algorithm: { kind: "feddyn", localSteps: 1, alpha: 0 } }, "algorithm.alpha"],
    ["a μ where none is used", { algorithm: { kind: "scaffold", localSteps: 1, mu: 1 } }, "algorithm"],
    [
      "SCAFFOLD over Adam",
      { algorithm: { kind: "scaffold", localSteps: 1 }, task: { ...TINY_TASK, optimizer: { kind: "adam" } } },
      "task.optimizer.kind",
    ],
    [
      "FedNova over AdamW",
      { algorithm: { kind: "fednova", localSteps: 1 }, task: { ...TINY_TASK, optimizer: { kind: "adamw" } } },
      "task.optimizer.kind",
    ],
    ["a quorum over 1", { quorum: 1.5 }, "quorum"],
    ["a quorum of 0", { quorum: 0 }, "quorum"],
    ["a quorum in words", { quorum: "most" }, "quorum"],
    ["a deadline in no time", { exchangeDeadline: 0 }, "exchangeDeadline"],
    ["an endless round", { roundDeadline: Number.POSITIVE_INFINITY }, "roundDeadline"],
    ["a lease of NaN", { leaseSeconds: Number.NaN }, "leaseSeconds"],
    ["evaluation by strangers", { evaluation: { parties: "strangers" } }, "evaluation.parties"],
    ["a batch of nothing", { task: { ...TINY_TASK, batchSize: 0 } }, "task.batchSize"],
    ["too wide a model", { task: { ...TINY_TASK, model: { kind: "mlp", hidden: [65_536, 65_536] } } }, "task.model"],
    [
      "nesterov at rest",
      { task: { ...TINY_TASK, optimizer: { kind: "sgd", nesterov: true } } },
      "task.optimizer.momentum",
    ],
  ])("is refused with %s, and the field is named", (_, overrides, field) => {
    const { error } = federationSpecSchema.safeParse({ ...SPEC, ...overrides });
    expect(error?.issues[0]?.path.join(".")).toBe(field);
    expect(error?.issues[0]?.message.length).toBeGreaterThan(5);
  });

  it("has no room for fields it does not know", () => {
    const { error } = federationSpecSchema.safeParse({ ...SPEC, quorumm: "all" });
    expect(error?.issues[0]?.message).toContain('"quorumm"');
    const missing = federationSpecSchema.safeParse({ ...SPEC, seed: undefined });
    expect(missing.error?.issues[0]?.path).toEqual(["seed"]);
  });

  it("says how many exchanges fit", () => {
    const algorithm = { kind: "fedavg-short", localSteps: 5, exchanges: 6 };
    const { error } = federationSpecSchema.safeParse({ ...SPEC, algorithm });
    expect(error?.issues[0]?.message).toBe("6 exchanges do not fit into 5 local steps: expected 1 … 5");
  });

  it("says what a quorum may be", () => {
    const { error } = federationSpecSchema.safeParse({ ...SPEC, quorum: "most" });
    expect(error?.issues[0]?.message).toBe('expected "all" or a fraction above 0 and up to 1');
  });
});

describe("a quorum", () => {
  it("of all needs everybody", () => {
    expect(reachesQuorum("all", 9, 10)).toBe(false);
    expect(reachesQuorum("all", 10, 10)).toBe(true);
  });

  it("as a fraction is rounded up", () => {
    expect(reachesQuorum(0.5, 1, 3)).toBe(false);
    expect(reachesQuorum(0.5, 2, 3)).toBe(true);
    expect(reachesQuorum(0.01, 1, 3)).toBe(true);
    expect(reachesQuorum(1, 2, 3)).toBe(false);
  });

  it("is not missed by a rounding error: n of d is the fraction n / d of d", () => {
    expect(reachesQuorum(0.55, 55, 100)).toBe(true);
    for (let due = 1; due <= 200; due++) {
      for (let n = 1; n <= due; n++) {
        expect(reachesQuorum(n / due, n, due)).toBe(true);
        expect(reachesQuorum(n / due, n - 1, due)).toBe(false);
      }
    }
  });

  it("is never reached by nobody", () => {
    expect(reachesQuorum(0.001, 0, 10)).toBe(false);
    expect(reachesQuorum("all", 0, 0)).toBe(false);
  });
});
