import { flatten, key, portableEngine, rng } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { parameterCount } from "../model.ts";
import { activeEncoderInit, autoencoder, decoderSpecs, encoderInit, encoderSpecs } from "./autoencoder.ts";

describe("the autoencoder", () => {
  it("has the published numbers of parameters for MovieLens 1M", () => {
    const shape = { items: 3706, hidden: 256, code: 128 };
    expect(parameterCount(encoderSpecs(shape))).toBe(982_656);
    expect(parameterCount(decoderSpecs(shape))).toBe(985_978);
    expect(parameterCount(autoencoder(shape))).toBe(1_968_634);
  });

  it("computes Linear – GroupNorm(1) – tanh twice each way, written here in plain numbers", async () => {
    const shape = { items: 5, hidden: 4, code: 3 };
    const model = autoencoder(shape);
    const random = rng(key("parameters"));
    // Biases and norms start at 0 and 1; here they are moved, or their places could be exchanged unnoticed.
    const parameters = model.init(key(1));
    for (const [, leaf] of flatten(parameters)) for (const i of leaf.data.keys()) leaf.data[i] = random.normal();
    const x = Float32Array.from({ length: 10 }, (_, i) => (i % 3) - 1);
    const engine = await portableEngine();
    const program = await engine.compile({
      name: "predict",
      inputs: { parameters: model.parameters, x: { dtype: "float32", shape: [2, 5] } },
      apply: (inputs) => ({ y: model.apply(inputs.parameters as never, inputs.x as never) }),
    });
    const { y } = await program.run({ parameters, x: { dtype: "float32", shape: [2, 5], data: x } });
    const p = Object.fromEntries(flatten(parameters).map(([path, { data }]) => [path, [...data] as number[]]));
    const at = (path: string) => p[path] ?? [];
    const layer = (v: number[], weight: string, name: string) => {
      const width = at(`${name}.bias`).length;
      const z = at(`${name}.bias`).map((b, j) =>
        v.reduce((sum, a, i) => sum + a * (at(weight)[i * width + j] ?? 0), b),
      );
      const mean = z.reduce((sum, a) => sum + a, 0) / width;
      const deviation = Math.sqrt(z.reduce((sum, a) => sum + (a - mean) ** 2, 0) / width + 1e-5);
      return z.map((a, j) =>
        Math.tanh(((a - mean) / deviation) * (at(`${name}.norm.weight`)[j] ?? 0) + (at(`${name}.norm.bias`)[j] ?? 0)),
      );
    };
    const expected = [0, 1].flatMap((user) => {
      const hidden = layer([...x.slice(5 * user, 5 * user + 5)], "encoder.items.weight", "encoder.first");
      const code = layer(hidden, "encoder.second.weight", "encoder.second");
      const last = layer(code, "decoder.first.weight", "decoder.first");
      const row = (i: number) => at("decoder.items.weight").slice(4 * i, 4 * i + 4);
      return at("decoder.items.bias").map((b, i) => row(i).reduce((sum, w, j) => sum + w * (last[j] ?? 0), b));
    });
    const actual = [...((y as { data: Float32Array }).data ?? [])];
    for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 4);
  });

  it("gives a party the rows of its own items, to the bit those of the whole encoder", () => {
    const shape = { items: 40, hidden: 6, code: 3 };
    const [whole, part] = [encoderInit(shape, key(3)), activeEncoderInit(shape, key(3), [2, 39])].map(
      (tree) => new Map(flatten(tree)),
    );
    const rows = whole?.get("items.weight")?.data ?? [];
    expect([...(part?.get("items.weight")?.data ?? [])]).toEqual([...rows.slice(12, 18), ...rows.slice(234, 240)]);
    expect(part?.get("second.weight")).toEqual(whole?.get("second.weight"));
    const bound = Math.sqrt(6 / 46);
    expect(Math.max(...rows.map(Math.abs))).toBeLessThan(bound);
    expect(Math.max(...rows.map(Math.abs))).toBeGreaterThan(0.8 * bound);
  });
});
