import { key, rng } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { drawToken, logProbability, type Sampling } from "./sampling.ts";

const logits = Float32Array.from([Math.log(0.5), Math.log(0.3), Math.log(0.15), Math.log(0.05)]);

function shares(sampling: Sampling, draws = 20_000): number[] {
  const random = rng(key("shares"));
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < draws; i++) {
    const token = drawToken(logits, sampling, random);
    counts[token] = (counts[token] as number) + 1 / draws;
  }
  return counts;
}

describe("a token", () => {
  it.each<[string, Sampling, readonly number[]]>([
    ["at temperature 1", { temperature: 1 }, [0.5, 0.3, 0.15, 0.05]],
    // p² / Σ p²
    ["at temperature 1/2", { temperature: 0.5 }, [0.25, 0.09, 0.0225, 0.0025].map((p) => p / 0.365)],
    ["among the 2 most probable", { temperature: 1, topK: 2 }, [0.625, 0.375, 0, 0]],
    ["in the nucleus of 0.8", { temperature: 1, topP: 0.8 }, [0.625, 0.375, 0, 0]],
    ["in the nucleus of 0.81", { temperature: 1, topP: 0.81 }, [0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0]],
    ["at temperature 0", { temperature: 0 }, [1, 0, 0, 0]],
  ])("%s is drawn with the right probability", (_what, sampling, expected) => {
    // Three standard deviations of a share over 20,000 draws are at most 0.0106.
    shares(sampling).forEach((share, token) => {
      expect(Math.abs(share - (expected[token] as number))).toBeLessThan(0.0107);
    });
  });

  it("has the log probability of a softmax, however large the logits are", () => {
    expect(logProbability(logits, 2)).toBeCloseTo(Math.log(0.15), 5);
    expect(logProbability(Float32Array.from([1000, 1000]), 0)).toBeCloseTo(-Math.LN2, 5);
  });
});
