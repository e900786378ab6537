import type { ArrayTree, Definition, NDArray, StepDefinition } from "@concord/engine";
import { square, sum, valueAndGrad } from "@concord/engine";
import type { AutoencoderShape, Optimizer, Task } from "@concord/learning";
import { arrayAt, binaryCrossEntropy, branchAt, clipByGlobalNorm, decode, decoderSpecs } from "@concord/learning";
import type { PrivatePart, WorkSize } from "./private-part.ts";

/** What the programs of a party are made of. */
export interface Blueprint {
  readonly task: Task;
  readonly shape: AutoencoderShape;
  readonly part: PrivatePart;
  readonly ownOptimizer: Optimizer;
  readonly decoderOptimizer: Optimizer;
}

/**
 * A local step on the active items alone. Carry `{ own, decoder, ownOptimizer, decoderOptimizer }`, where tensors with item rows
 * have `rows` of them, the last ones padding; input `{ own, y, weight, dropout, ownRate, decoderRate }`; output `{ loss }`.
 *
 * `y` and `weight` are [batch, rows]: weight is 1 / (observed ratings in the batch) where there is a rating and 0 elsewhere, so the
 * loss is the mean over observed ratings and padding has no gradient. `dropout` [batch, c] multiplies the code. It equals a step on all items:
 * where the input is 0 and the loss is masked, gradients are 0.
 */
export function localStep(
  { task, shape, part, ownOptimizer, decoderOptimizer }: Blueprint,
  size: WorkSize,
): StepDefinition {
  const [own, decoder] = [part.specs(size), decoderSpecs({ ...shape, items: size.rows })];
  const rate = { dtype: "float32", shape: [] } as const;
  return {
    name: `${task.model.name}: local step on ${size.rows} items`,
    carry: { own, decoder, ownOptimizer: ownOptimizer.state(own), decoderOptimizer: decoderOptimizer.state(decoder) },
    input: { ...batchSpecs(part, shape, size), ownRate: rate, decoderRate: rate },
    apply(carry, input) {
      const parameters = { own: branchAt(carry, "own"), decoder: branchAt(carry, "decoder") };
      const objective = (p: ArrayTree) => ({
        loss: batchLoss(task, part, branchAt(p, "own"), branchAt(p, "decoder"), input),
        aux: {},
      });
      const { loss, gradient } = valueAndGrad(objective)(parameters);
      const clipped = clip(task, gradient);
      const step = (name: "own" | "decoder", optimizer: Optimizer) =>
        optimizer.update(
          branchAt(clipped, name),
          branchAt(carry, `${name}Optimizer`),
          parameters[name],
          arrayAt(input, `${name}Rate`),
        );
      const [nextOwn, nextDecoder] = [step("own", ownOptimizer), step("decoder", decoderOptimizer)];
      return {
        carry: {
          own: nextOwn.parameters,
          decoder: nextDecoder.parameters,
          ownOptimizer: nextOwn.state,
          decoderOptimizer: nextDecoder.state,
        },
        output: { loss },
      };
    },
  };
}

/**
 * A step of the party's own part against a decoder that stays as it is: no gradient of the decoder is computed, and the gradient that is
 * clipped is that of the own part. Carry `{ own, ownOptimizer, decoder }`, input `{ own, y, weight, dropout, ownRate }`, output `{ loss }`.
 */
export function fitStep({ task, shape, part, ownOptimizer }: Blueprint, size: WorkSize): StepDefinition {
  const own = part.specs(size);
  return {
    name: `${task.model.name}: fit to a decoder of ${size.rows} items`,
    carry: { own, ownOptimizer: ownOptimizer.state(own), decoder: decoderSpecs({ ...shape, items: size.rows }) },
    input: { ...batchSpecs(part, shape, size), ownRate: { dtype: "float32", shape: [] } },
    apply(carry, input) {
      const decoder = branchAt(carry, "decoder");
      const objective = (p: ArrayTree) => ({ loss: batchLoss(task, part, p, decoder, input), aux: {} });
      const { loss, gradient } = valueAndGrad(objective)(branchAt(carry, "own"));
      const { parameters, state } = ownOptimizer.update(
        clip(task, gradient),
        branchAt(carry, "ownOptimizer"),
        branchAt(carry, "own"),
        arrayAt(input, "ownRate"),
      );
      return { carry: { own: parameters, ownOptimizer: state, decoder }, output: { loss } };
    },
  };
}

function batchSpecs(part: PrivatePart, { code }: AutoencoderShape, size: WorkSize) {
  const matrix = { dtype: "float32", shape: [size.batch, size.rows] } as const;
  const dropout = { dtype: "float32", shape: [size.batch, code] } as const;
  return { own: part.inputSpecs(size), y: matrix, weight: matrix, dropout };
}

/** The mean loss over the observed ratings of a batch. */
function batchLoss(task: Task, part: PrivatePart, own: ArrayTree, decoder: ArrayTree, input: ArrayTree): NDArray {
  const code = part.codes(own, branchAt(input, "own")).mul(arrayAt(input, "dropout"));
  const errors = errorOf(task, decode(decoder, code), arrayAt(input, "y"));
  return sum(errors.mul(arrayAt(input, "weight")));
}

function clip({ spec: { clipNorm } }: Task, gradient: ArrayTree): ArrayTree {
  return clipNorm === undefined ? gradient : clipByGlobalNorm(gradient, clipNorm);
}

/** Predictions `{ predictions }` [batch, decoderRows] of `{ own, decoder, input }`: the decoder may have more rows than the input. */
export function forward({ task, shape, part }: Blueprint, size: WorkSize, decoderRows: number): Definition {
  return {
    name: `${task.model.name}: predictions for ${decoderRows} of ${size.rows} items`,
    inputs: {
      own: part.specs(size),
      decoder: decoderSpecs({ ...shape, items: decoderRows }),
      input: part.inputSpecs(size),
    },
    apply(inputs) {
      const code = part.codes(branchAt(inputs, "own"), branchAt(inputs, "input"));
      return { predictions: decode(branchAt(inputs, "decoder"), code) };
    },
  };
}

/** The loss of every prediction, of the same shape. */
function errorOf({ spec }: Task, predictions: NDArray, y: NDArray): NDArray {
  if (spec.loss === "mse") return square(predictions.sub(y));
  const flat = [predictions.size];
  return binaryCrossEntropy(predictions.reshape(flat), y.reshape(flat)).reshape(predictions.shape);
}
