import type { Batch } from "@concord/learning";

/**
 * One step of gradient descent of softmax regression (four inputs, three classes) on several batches, the mean over all their
 * examples: in float64 and without a framework.
 */
export function descend(weight: Float64Array, bias: Float64Array, parts: readonly Batch[], rate: number): void {
  const gradient = { weight: new Float64Array(12), bias: new Float64Array(3) };
  let examples = 0;
  for (const { x, y } of parts) {
    for (const [n, label] of y.data.entries()) {
      examples++;
      const input = x.data.subarray(4 * n, 4 * n + 4);
      const logits = [0, 1, 2].map((k) =>
        input.reduce((sum, value, i) => sum + value * (weight[3 * i + k] ?? Number.NaN), bias[k] ?? Number.NaN),
      );
      const exps = logits.map((z) => Math.exp(z - Math.max(...logits)));
      const total = exps.reduce((sum, value) => sum + value, 0);
      for (const [k, value] of exps.entries()) {
        const slope = value / total - (k === label ? 1 : 0);
        gradient.bias[k] = (gradient.bias[k] ?? Number.NaN) + slope;
        for (const [i, pixel] of input.entries()) {
          gradient.weight[3 * i + k] = (gradient.weight[3 * i + k] ?? Number.NaN) + slope * pixel;
        }
      }
    }
  }
  for (const [i, slope] of gradient.weight.entries()) weight[i] = (weight[i] ?? Number.NaN) - (rate * slope) / examples;
  for (const [k, slope] of gradient.bias.entries()) bias[k] = (bias[k] ?? Number.NaN) - (rate * slope) / examples;
}
