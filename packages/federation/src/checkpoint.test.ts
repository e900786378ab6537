import type { Engine, Tensor, Tree } from "@concord/engine";
import {
  decodeSafetensors,
  encodeSafetensors,
  flatten,
  float32,
  portableEngine,
  SafetensorsError,
} from "@concord/engine";
import { buildTask } from "@concord/learning";
import { beforeAll, describe, expect, it } from "vitest";
import { shuffled, TINY_TASK, tinyParties, tinySpec } from "../test/tiny-federation.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { NO_TRAFFIC } from "./communication.ts";
import { inlineExecutor } from "./executor.ts";
import type { PrivateTree } from "./private-tree.ts";
import { keepPrivate, openPrivate } from "./private-tree.ts";
import { algorithmOf } from "./registry.ts";
import type { Checkpoint, Simulation } from "./simulator.ts";
import { initialCheckpoint, simulate } from "./simulator.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

async function all(simulation: Omit<Simulation, "executor">): Promise<Checkpoint[]> {
  const { spec } = simulation;
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), engine);
  const checkpoints: Checkpoint[] = [];
  for await (const checkpoint of simulate({ ...simulation, executor })) checkpoints.push(checkpoint);
  return checkpoints;
}

describe("a checkpoint", () => {
  it.each([
    ["fedavg", { kind: "sgd", momentum: 0.9 }],
    ["fedsgd", { kind: "adam" }],
    ["scaffold", { kind: "sgd", momentum: 0.9 }],
  ])("of any round goes on to the same bits and the same records: %s with %o", async (kind, optimizer) => {
    const spec = tinySpec({
      task: { ...TINY_TASK, optimizer },
      algorithm: { kind, localSteps: 3, activeParties: 2 },
      rounds: 4,
    });
    const parties = tinyParties([10, 20, 30]);
    const undisturbed = await all({ spec, parties });
    const end = undisturbed.at(-1) as Checkpoint;
    for (const stopped of [initialCheckpoint(spec), ...undisturbed]) {
      const from = decodeCheckpoint(encodeCheckpoint(stopped, spec), spec);
      expect(from.round).toBe(stopped.round);
      const resumed = (await all({ spec, parties, from })).at(-1) ?? from;
      expect(flatten(resumed.state)).toEqual(flatten(end.state));
      expect(resumed.history).toEqual(end.history);
      expect(resumed.traffic).toEqual(end.traffic);
      expect(encodeCheckpoint(resumed, spec)).toEqual(encodeCheckpoint(end, spec));
    }
  });

  it("has the same bytes whatever the order of the parties", async () => {
    const spec = tinySpec({ rounds: 2 });
    const parties = tinyParties([10, 20, 30, 15]);
    const [one] = await all({ spec, parties });
    const [other] = await all({ spec, parties: shuffled(parties, 1) });
    expect(encodeCheckpoint(other as Checkpoint, spec)).toEqual(encodeCheckpoint(one as Checkpoint, spec));
  });

  it("may go on for more rounds, or under another name", async () => {
    const spec = tinySpec({ rounds: 2 });
    const parties = tinyParties([10, 20]);
    const bytes = encodeCheckpoint((await all({ spec, parties })).at(-1) as Checkpoint, spec);
    const longer = tinySpec({ rounds: 4, name: "another" });
    const resumed = await all({ spec: longer, parties, from: decodeCheckpoint(bytes, longer) });
    expect(resumed.map(({ round }) => round)).toEqual([3, 4]);
    expect(flatten(resumed.at(-1)?.state ?? {})).toEqual(
      flatten((await all({ spec: longer, parties })).at(-1)?.state ?? {}),
    );
  });

  it("belongs to its specification, in whatever order that was written", () => {
    const spec = tinySpec();
    const bytes = encodeCheckpoint(initialCheckpoint(spec), spec);
    const reversed = Object.fromEntries(Object.entries(spec).reverse()) as typeof spec;
    expect(decodeCheckpoint(bytes, reversed).round).toBe(0);
    for (const other of [
      { seed: 12 },
      { algorithm: { kind: "fedsgd", localSteps: 4 } },
      { algorithm: { kind: "fedavg", localSteps: 5 } },
      { task: { ...TINY_TASK, learningRate: 0.2 } },
      { evaluation: { every: 2 } },
    ]) {
      expect(() => decodeCheckpoint(bytes, tinySpec(other))).toThrow("belongs to another configuration");
    }
  });

  it("keeps private states and traffic of parties of any name, in whatever order they came", () => {
    const spec = tinySpec();
    const names = ["a.b", "__proto__", "10", "9", "ü", "constructor"];
    const traffic = (n: number) => ({ train: { ...NO_TRAFFIC, payloadUp: n }, evaluate: NO_TRAFFIC });
    const checkpoint: Checkpoint = {
      ...initialCheckpoint(spec),
      round: 1,
      privateStates: new Map(
        names.map((name, n): [string, PrivateTree] => [
          name,
          keepPrivate(n === 0 ? {} : { optimizer: { m: float32([1], [n]) } }),
        ]),
      ),
      traffic: new Map(names.map((name, n) => [name, traffic(n)])),
    };
    const read = decodeCheckpoint(encodeCheckpoint(checkpoint, spec), spec);
    expect(read.traffic).toEqual(checkpoint.traffic);
    const other = {
      ...checkpoint,
      privateStates: new Map([...checkpoint.privateStates].reverse()),
      traffic: new Map([...checkpoint.traffic].reverse()),
    };
    expect(encodeCheckpoint(other, spec)).toEqual(encodeCheckpoint(checkpoint, spec));
    expect([...read.privateStates.keys()].sort()).toEqual([...names].sort());
    for (const [name, tree] of checkpoint.privateStates) {
      const kept = read.privateStates.get(name) ?? keepPrivate({ missing: float32([], [0]) });
      expect(flatten(openPrivate(kept))).toEqual(flatten(openPrivate(tree)));
    }
  });

  it("keeps a loss that has overflowed", () => {
    const spec = tinySpec();
    const report = (round: number, loss: number) => ({
      round,
      members: ["a"],
      exchanges: 2,
      trainLoss: loss,
      evaluation: { accuracy: 0.5, loss, examples: 3 },
      traffic: { train: NO_TRAFFIC, evaluate: NO_TRAFFIC },
    });
    const history = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1].map((loss, i) =>
      report(i + 1, loss),
    );
    const bytes = encodeCheckpoint({ ...initialCheckpoint(spec), round: 4, history }, spec);
    expect(decodeCheckpoint(bytes, spec).history).toEqual(history);
  });

  it("is told from other files, and from damaged ones", () => {
    const spec = tinySpec();
    const bytes = encodeCheckpoint(initialCheckpoint(spec), spec);
    const { tensors, metadata } = decodeSafetensors(bytes);
    expect(() => decodeCheckpoint(bytes.subarray(0, bytes.length - 1), spec)).toThrow(SafetensorsError);
    const other = (change: Record<string, string>, kept: Tree<Tensor> = tensors) =>
      expect(() => decodeCheckpoint(encodeSafetensors(kept, { ...metadata, ...change }), spec));
    expect(() => decodeCheckpoint(encodeSafetensors(tensors), spec)).toThrow("no checkpoint of a simulation");
    other({ concord: "{" }).toThrow("no checkpoint");
    other({ concord: "{}" }).toThrow("no checkpoint");
    other({ concord: (metadata.concord ?? "").replace("checkpoint-1", "checkpoint-2") }).toThrow("no checkpoint");
    other({ concord: (metadata.concord ?? "").replace('"round":0', '"round":-1') }).toThrow("no checkpoint");
    other({}, {}).toThrow("this checkpoint holds no model");
    other({}, { state: float32([], [1]) }).toThrow("this checkpoint holds no model");
  });
});
