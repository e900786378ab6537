import type { FederationView } from "@concord/protocol";

interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a party sends: the tensors of the model, by name. */
export interface TaskShape {
  readonly tensors: readonly TensorShape[];
  readonly parameters: number;
  /** Tensor data of one model, in bytes. */
  readonly bytes: number;
}

/**
 * The tensors of a task's model. Written down here once more, because the page that asks for consent should not load the
 * whole of the mathematics to say it; a test compares it with the models themselves.
 */
export function taskShape({ task: { model, inputShape, outputs } }: Pick<FederationView["spec"], "task">): TaskShape {
  const inputs = inputShape.reduce((product, axis) => product * axis, 1);
  switch (model.kind) {
    case "softmax":
      return shapeOf(linear("fc1", inputs, outputs));
    case "mlp": {
      const widths = [inputs, ...model.hidden, outputs];
      return shapeOf(widths.slice(1).flatMap((width, i) => linear(`fc${i + 1}`, widths[i] ?? 0, width)));
    }
    case "lenet":
      return shapeOf(lenet(inputShape, outputs));
    case "autoencoder":
      return shapeOf(decoder(outputs, model));
  }
}

/** A party of a recommender sends the decoder: of the rows of `items`, those of its own films. */
function decoder(items: number, { hidden, code }: { readonly hidden: number; readonly code: number }): TensorShape[] {
  return [
    ...layer("first", [code, hidden], hidden),
    ...layer("first.norm", [hidden], hidden),
    ...layer("items", [items, hidden], items),
  ];
}

function lenet([height = 0, width = 0, channels = 0]: readonly number[], outputs: number): TensorShape[] {
  const features = 16 * (height / 4 - 3) * (width / 4 - 3);
  return [
    ...layer("conv1", [6, channels, 5, 5], 6),
    ...layer("norm1", [6], 6),
    ...layer("conv2", [16, 6, 5, 5], 16),
    ...layer("norm2", [16], 16),
    ...linear("fc1", features, 120),
    ...linear("fc2", 120, 84),
    ...linear("fc3", 84, outputs),
  ];
}

function linear(name: string, inputs: number, outputs: number): TensorShape[] {
  return layer(name, [inputs, outputs], outputs);
}

function layer(name: string, weight: readonly number[], biases: number): TensorShape[] {
  return [
    { name: `${name}.weight`, shape: weight },
    { name: `${name}.bias`, shape: [biases] },
  ];
}

function shapeOf(tensors: readonly TensorShape[]): TaskShape {
  const parameters = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, axis) => product * axis, 1), 0);
  return { tensors, parameters, bytes: 4 * parameters };
}
