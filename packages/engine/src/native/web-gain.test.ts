import * as jax from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { conv2d, matmul, NDArray } from "../ndarray.ts";
import { portableEngine } from "../portable.ts";
import type { StepDefinition } from "../program.ts";
import { gainsOnWeb, stepWork } from "./web-gain.ts";

beforeAll(() => portableEngine());

/** x, multiplied by an n × n matrix that is carried along. */
function product(n: number): StepDefinition {
  const spec = { dtype: "float32", shape: [n, n] } as const;
  return {
    name: `product of ${n}`,
    carry: { w: spec },
    input: { x: spec },
    apply: ({ w }, { x }) => ({ carry: { w: w as NDArray }, output: { y: matmul(x as NDArray, w as NDArray) } }),
  };
}

const CONVOLUTION: StepDefinition = {
  name: "convolution",
  carry: { kernel: { dtype: "float32", shape: [1, 1, 3, 3] } },
  input: { x: { dtype: "float32", shape: [1, 1, 4, 4] } },
  apply: ({ kernel }, { x }) => ({
    carry: { kernel: kernel as NDArray },
    output: { y: conv2d(x as NDArray, kernel as NDArray, "valid") },
  }),
};

describe("the runtime", () => {
  it("is fetched for a step that has much to compute, and not for a small one", async () => {
    expect(await gainsOnWeb(product(32))).toBe(false);
    expect(await gainsOnWeb(product(256))).toBe(true);
  });

  it("is fetched for convolutions of any size", async () => {
    expect(await gainsOnWeb(CONVOLUTION)).toBe(true);
    expect((await stepWork(CONVOLUTION)).convolutions).toBe(1);
  });

  it("is not fetched for what it could not run", async () => {
    const step = product(256);
    const sorted = (array: unknown) => new NDArray(jax.numpy.sort((array as NDArray).ref));
    expect(
      await gainsOnWeb({
        ...step,
        apply: ({ w }, { x }) => ({ carry: { w: sorted(w) }, output: { x: x as NDArray } }),
      }),
    ).toBe(false);
  });
});

it("counts two operations for each product of two numbers", async () => {
  const { work } = await stepWork(product(64));
  expect(work).toBeGreaterThanOrEqual(2 * 64 ** 3);
  expect(work).toBeLessThan(2.2 * 64 ** 3);
});
