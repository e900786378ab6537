import type { Tensor, Tree } from "@concord/engine";
import { flatten, float32, mapTree, portableEngine, specOf } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { clipByGlobalNorm } from "./clip.ts";

describe("clipByGlobalNorm", () => {
  it("scales all tensors by one factor, to a norm a little below the limit", async () => {
    const clipped = await clip({ a: float32([2], [3, 0]), b: { c: float32([1, 1], [-4]) } }, 1);
    // The norm is 5 and the factor 1 / (5 + 1e-6).
    expect(clipped.get("a")?.[0]).toBeCloseTo(0.6, 6);
    expect(clipped.get("b.c")?.[0]).toBeCloseTo(-0.8, 6);
  });

  it("leaves a gradient within the limit as it is, and zero at zero", async () => {
    const small = await clip({ a: float32([2], [0.3, -0.4]) }, 1);
    expect(small.get("a")).toEqual(Array.from(Float32Array.of(0.3, -0.4)));
    expect((await clip({ a: float32([2], [0, 0]) }, 1)).get("a")).toEqual([0, 0]);
  });
});

async function clip(gradient: Tree<Tensor>, limit: number): Promise<Map<string, number[]>> {
  const engine = await portableEngine();
  const program = await engine.compile({
    name: "clip",
    inputs: mapTree(gradient, specOf),
    apply: (inputs) => clipByGlobalNorm(inputs, limit),
  });
  return new Map(flatten(await program.run(gradient)).map(([path, leaf]) => [path, Array.from(leaf.data)]));
}
