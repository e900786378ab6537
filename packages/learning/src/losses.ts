import type { NDArray } from "@concord/engine";
import { abs, exp, log, log1p, max, maximum, mean, oneHot, square, stopGradient, sum } from "@concord/engine";
import { withDerivative } from "./custom-derivative.ts";

// Every loss gives one value for each example: the caller decides how to weigh, mask and sum them.

/**
 * Cross-entropy of a softmax: −log softmax(logits)[label] = log Σ exp(z) − z[label] with z = logits − max(logits), so that
 * no exponential overflows and the sum is at least 1. Its derivative is softmax(logits) − one-hot(label), to the last digit
 * where the chain rule would subtract two large terms.
 *
 * @param logits float32 [batch, classes]
 * @param labels int32 [batch], each in 0 … classes − 1 (not checked inside a program)
 * @returns [batch], in nats
 */
export function crossEntropy(logits: NDArray, labels: NDArray): NDArray {
  const [, classes = 0] = logits.shape;
  const z = stopGradient(logits.sub(max(logits, { axis: 1, keepdims: true })));
  const target = oneHot(labels, classes);
  const weights = exp(z);
  const total = sum(weights, { axis: 1, keepdims: true });
  const value = log(sum(weights, { axis: 1 })).sub(sum(z.mul(target), { axis: 1 }));
  const slope = stopGradient(weights.div(total).sub(target));
  return withDerivative(value, logits, (change) => sum(slope.mul(change), { axis: 1 }));
}

/**
 * Squared error, the mean over the outputs of an example.
 *
 * @param predictions float32 [batch, outputs], or [batch]
 * @param targets float32 of the same shape
 * @returns [batch]
 */
export function mse(predictions: NDArray, targets: NDArray): NDArray {
  return meanOverOutputs(square(predictions.sub(targets)));
}

/**
 * Binary cross-entropy of a sigmoid, −y log σ(x) − (1 − y) log(1 − σ(x)), the mean over the outputs of an example.
 * Written as max(x, 0) − x y + log(1 + exp(−|x|)), whose exponential never overflows.
 *
 * @param logits float32 [batch, outputs], or [batch]
 * @param targets float32 of the same shape, each in [0, 1]
 * @returns [batch], in nats
 */
export function binaryCrossEntropy(logits: NDArray, targets: NDArray): NDArray {
  const value = maximum(logits, 0)
    .sub(logits.mul(targets))
    .add(log1p(exp(abs(logits).neg())));
  return meanOverOutputs(value);
}

function meanOverOutputs(values: NDArray): NDArray {
  return values.shape.length === 1 ? values : mean(values, { axis: values.shape.slice(1).map((_, i) => i + 1) });
}
