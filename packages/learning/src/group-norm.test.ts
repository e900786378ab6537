import type { Tensor, Tree } from "@concord/engine";
import { float32, mapTree, portableEngine, specOf } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { groupNorm, groupNormInit, groupNormSpecs } from "./group-norm.ts";
import { arrayAt, branchAt } from "./paths.ts";

describe("groupNorm", () => {
  it("normalises each group of channels of an example, then scales and shifts each channel", async () => {
    // Two examples, two channels of 1×2 pixels, each channel a group: x̂ = ±1 where the two pixels differ.
    const x = float32([2, 2, 1, 2], [1, 3, 10, 30, 5, 5, -2, 2]);
    const parameters = { weight: float32([2], [2, 3]), bias: float32([2], [1, -1]) };
    const y = await normalise(parameters, x, 2, 0);
    expectClose(y.slice(0, 4), [-1, 3, -4, 2]);
    expectClose(y.slice(6), [-4, 2]);
  });

  it("takes one mean and variance over all channels where there is one group", async () => {
    const y = await normalise(groupNormInit(2), float32([1, 2, 1, 2], [1, 2, 3, 4]), 1, 1e-5);
    const deviation = Math.sqrt(1.25 + 1e-5);
    expectClose(y, [-1.5 / deviation, -0.5 / deviation, 0.5 / deviation, 1.5 / deviation]);
  });

  it("keeps its digits where the mean is large beside the deviation", async () => {
    const y = await normalise(groupNormInit(1), float32([1, 1, 1, 2], [4000, 4001]), 1, 1e-5);
    expectClose(y, [-0.5 / Math.sqrt(0.25 + 1e-5), 0.5 / Math.sqrt(0.25 + 1e-5)]);
  });

  it("gives the bias where all pixels are equal", async () => {
    expect(await normalise(groupNormInit(1), float32([1, 1, 2, 2], [5, 5, 5, 5]), 1, 1e-5)).toEqual([0, 0, 0, 0]);
  });

  it("refuses groups that do not divide the channels", async () => {
    await expect(normalise(groupNormInit(3), float32([1, 3, 1, 1], [1, 2, 3]), 2, 0)).rejects.toThrow(
      "2 groups do not divide 3 channels",
    );
  });

  it("has a weight and a bias for each channel", () => {
    expect(mapTree(groupNormInit(4), specOf)).toEqual(mapTree(groupNormSpecs(4), (spec) => spec));
  });
});

async function normalise(parameters: Tree<Tensor>, x: Tensor, groups: number, epsilon: number): Promise<number[]> {
  const engine = await portableEngine();
  const program = await engine.compile({
    name: "group norm",
    inputs: { parameters: mapTree(parameters, specOf), x: specOf(x) },
    apply: (inputs) => ({ y: groupNorm(branchAt(inputs, "parameters"), arrayAt(inputs, "x"), groups, epsilon) }),
  });
  const { y } = await program.run({ parameters, x });
  return Array.from((y as Tensor).data);
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 4);
}
