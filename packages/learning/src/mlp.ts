import type { ArrayTree, NDArray } from "@concord/engine";
import { relu, sizeOf, split } from "@concord/engine";
import { flattenExamples, linear, linearInit, linearSpecs } from "./linear.ts";
import type { Model } from "./model.ts";
import { branchAt } from "./paths.ts";

/**
 * A multilayer perceptron: linear layers with a ReLU between two of them; examples of any shape are flattened.
 *
 * Parameters are `fc1.weight` [in, out], `fc1.bias` [out], `fc2.weight`, and so on; the last layer gives the outputs.
 *
 * @param inputShape shape of one example
 * @param hidden width of each hidden layer, first to last; `[]` is a linear model
 */
export function mlp(inputShape: readonly number[], hidden: readonly number[], outputs: number): Model {
  const widths = [sizeOf(inputShape), ...hidden, outputs];
  const layers = widths.slice(1).map((width, i) => ({ name: `fc${i + 1}`, inputs: widths[i] ?? 0, outputs: width }));
  return {
    name: `mlp ${widths.join("-")}`,
    parameters: Object.fromEntries(layers.map((layer) => [layer.name, linearSpecs(layer.inputs, layer.outputs)])),
    init: (key) =>
      Object.fromEntries(
        layers.map((layer) => [layer.name, linearInit(split(key, layer.name), layer.inputs, layer.outputs)]),
      ),
    apply: (parameters: ArrayTree, x: NDArray) =>
      layers.reduce((h, { name }, i) => linear(branchAt(parameters, name), i === 0 ? h : relu(h)), flattenExamples(x)),
  };
}
