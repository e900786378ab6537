import { sizeOf, split } from "@concord/engine";
import { flattenExamples, linear, linearInit, linearSpecs } from "./linear.ts";
import type { Model } from "./model.ts";
import { branchAt } from "./paths.ts";

/**
 * One linear layer on flattened examples: softmax (multinomial logistic) regression with cross-entropy, linear
 * regression with squared error, logistic regression with binary cross-entropy.
 *
 * Parameters are `fc1.weight` [inputs, outputs] and `fc1.bias` [outputs].
 *
 * @param inputShape shape of one example
 */
export function softmaxRegression(inputShape: readonly number[], outputs: number): Model {
  const inputs = sizeOf(inputShape);
  return {
    name: `softmax ${inputs}-${outputs}`,
    parameters: { fc1: linearSpecs(inputs, outputs) },
    init: (key) => ({ fc1: linearInit(split(key, "fc1"), inputs, outputs) }),
    apply: (parameters, x) => linear(branchAt(parameters, "fc1"), flattenExamples(x)),
  };
}
