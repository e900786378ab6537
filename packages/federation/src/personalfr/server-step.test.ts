import type { Tensor, Tree } from "@concord/engine";
import { float32 } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { serverInit, serverStep } from "./server-step.ts";

const decoder = (weight: number, bias: number) => ({
  items: { weight: float32([1, 1], [weight]), bias: float32([1], [bias]) },
});
const numbers = ({ model }: { readonly model: Tree<Tensor> }) => {
  const { weight, bias } = model.items as Record<"weight" | "bias", Tensor>;
  return [weight.data[0], bias.data[0]] as [number, number];
};

describe("the coordinator's step", () => {
  it("is the average itself, or", () => {
    const state = serverInit({ kind: "mean" }, decoder(1, 2));
    expect(numbers(serverStep({ kind: "mean" }, state, decoder(3, 4), 1))).toEqual([3, 4]);
  });

  it("a step of Adam along it: two steps by hand, with weights that shrink and biases that do not", () => {
    const server = { kind: "adam", learningRate: 0.1, rowDecay: 0.2, cosineRounds: 2 } as const;
    const first = serverStep(server, serverInit(server, decoder(1, 2)), decoder(1.5, 1), 1);
    // The first step of Adam is η sign(Δ).
    expect(numbers(first)[0]).toBeCloseTo(0.8 * 1 + 0.1, 5);
    expect(numbers(first)[1]).toBeCloseTo(2 - 0.1, 5);
    const [weight, bias] = numbers(first);
    // Halfway along the cosine the rate is a half; Δ is 0 for the weight and 1 for the bias.
    const second = serverStep(server, first, decoder(weight, bias + 1), 2);
    const step = (m1: number, m2: number) => {
      const m = 0.9 * 0.1 * m1 + 0.1 * m2;
      const v = 0.999 * 0.001 * m1 ** 2 + 0.001 * m2 ** 2;
      return m / (1 - 0.9 ** 2) / Math.sqrt(v / (1 - 0.999 ** 2));
    };
    expect(numbers(second)[0]).toBeCloseTo(0.9 * weight + 0.05 * step(0.5, 0), 4);
    expect(numbers(second)[1]).toBeCloseTo(bias + 0.05 * step(-1, 1), 4);
  });
});
