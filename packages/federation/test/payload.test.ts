import type { Engine } from "@concord/engine";
import { portableEngine } from "@concord/engine";
import { beforeAll, describe, expect, it } from "vitest";
import { finished } from "./lines.ts";
import { TINY_MODEL_BYTES, tinyParties, tinySpec } from "./tiny-federation.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

// What the papers' formulas count: vectors as large as the model, in each direction, in each round.
describe("the payload of a party", () => {
  it.each([
    ["FedAvg: one", { kind: "fedavg" }, 1],
    ["FedProx: one", { kind: "fedprox", mu: 0.1 }, 1],
    ["FedNova: one", { kind: "fednova" }, 1],
    ["FedDyn: one", { kind: "feddyn", alpha: 0.1 }, 1],
    ["SCAFFOLD: two", { kind: "scaffold" }, 2],
    ["fedavg-inner: one for each of E exchanges", { kind: "fedavg-inner", exchanges: 3 }, 3],
    ["FedSGD: one for each of T exchanges", { kind: "fedsgd" }, 5],
  ])("%s vector(s) up and as many down", async (_, algorithm, vectors) => {
    const spec = tinySpec({ algorithm: { localSteps: 5, activeParties: 2, ...algorithm }, rounds: 4 });
    const { history, traffic } = await finished(engine, spec, tinyParties([20, 7, 12]));
    for (const id of ["a", "b", "c"]) {
      const rounds = history.filter(({ members }) => members.includes(id)).length;
      const bytes = rounds * vectors * TINY_MODEL_BYTES;
      if (rounds > 0) expect(traffic.get(id)?.train).toMatchObject({ payloadUp: bytes, payloadDown: bytes });
    }
    const total = history.at(-1)?.traffic.train;
    const expected = 4 * 2 * vectors * TINY_MODEL_BYTES;
    expect(total).toMatchObject({ payloadUp: expected, payloadDown: expected, indexUp: 0, indexDown: 0 });
  });
});
