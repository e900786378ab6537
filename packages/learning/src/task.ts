import type { ArrayTree, Definition, NDArray, StepDefinition, Tensor, TensorSpec, Tree } from "@concord/engine";
import { abs, argmax, maximum, mean, scalar, square, sum, valueAndGrad, where } from "@concord/engine";
import { adam } from "./adam.ts";
import { adamw } from "./adamw.ts";
import { clipByGlobalNorm } from "./clip.ts";
import type { Batch, Dataset, Examples } from "./data/index.ts";
import type { DriftCorrection } from "./drift-correction.ts";
import { correctDrift, correctionConstants } from "./drift-correction.ts";
import { binaryCrossEntropy, crossEntropy, mse } from "./losses.ts";
import type { Model } from "./model.ts";
import type { Optimizer } from "./optimizer.ts";
import { arrayAt, branchAt } from "./paths.ts";
import type { RatingsDataset } from "./recommend/index.ts";
import type { Schedule } from "./schedules.ts";
import { constantSchedule, cosineSchedule, linearSchedule } from "./schedules.ts";
import { sgd } from "./sgd.ts";
import type { TaskSpec } from "./task-spec.ts";
import { buildModel } from "./task-spec.ts";

/** What parties train together: a model, an optimiser, and the programs that a party runs. */
export interface Task {
  readonly spec: TaskSpec;
  readonly model: Model;
  readonly optimizer: Optimizer;
  /** Examples in each local step. */
  readonly batchSize: number;
  /**
   * One local step. Carry `{ parameters, optimizer }`, input `{ x, y, learningRate }`, output `{ loss }`, the mean over
   * the batch before the step (float32 scalar).
   *
   * `x` is float32 [batchSize, ...inputShape]; `y` is int32 [batchSize] for cross-entropy, otherwise float32 [batchSize],
   * or [batchSize, outputs] where there are several; `learningRate` is a float32 scalar.
   */
  readonly trainingStep: StepDefinition;
  /**
   * The local step with a term against drift in its gradient, before clipping and before the optimiser's weight decay:
   * what is clipped is the gradient of the objective that the party descends on. The constants of the correction
   * come in the carry as `constants` and go out as they came. A new definition with every call.
   */
  correctedStep(correction: DriftCorrection): StepDefinition;
  /**
   * Sums over a batch of examples, each multiplied by its weight: `{ parameters, x, y, weight }` to `{ loss, count }` and, for
   * cross-entropy and bce, `correct`; for mse, `squaredError` and `absoluteError`. All are float32 scalars.
   * `weight` is float32 [batch]: 1 for an example, 0 for a row that only fills the batch.
   */
  evaluation(batch: number): Definition;
  /** The learning rate in a round; rounds are counted from 1. */
  rateAt(round: number): number;
  /** The input of a local step. */
  batch(examples: Batch, learningRate: number): Tree<Tensor>;
}

/** The task of a spec that `taskSpecSchema` has accepted. */
export function buildTask(spec: TaskSpec): Task {
  const model = buildModel(spec);
  const optimizer = buildOptimizer(spec.optimizer);
  const schedule = buildSchedule(spec.schedule);
  return {
    spec,
    model,
    optimizer,
    batchSize: spec.batchSize,
    trainingStep: trainingStep(spec, model, optimizer),
    correctedStep: (correction) => trainingStep(spec, model, optimizer, correction),
    evaluation: (batch) => evaluation(spec, model, batch),
    rateAt: (round) => spec.learningRate * schedule(round),
    batch: ({ x, y }, learningRate) => ({ x, y, learningRate: scalar(learningRate) }),
  };
}

/** Throws TypeError, saying what does not fit, unless the examples have the inputs and targets of the task. */
export function checkDataset({ spec }: Task, examples: Examples): void {
  if (examples.kind === "ratings") checkRatings(spec, examples);
  else checkLabelled(spec, examples);
}

function checkRatings(spec: TaskSpec, { name, items, feedback }: RatingsDataset): void {
  const complain = (what: string) => new TypeError(`ratings "${name}" do not fit the task: ${what}`);
  if (spec.model.kind !== "autoencoder") throw complain(`a model of kind "${spec.model.kind}" learns no ratings`);
  const [expected] = spec.inputShape;
  if (items !== expected) throw complain(`they are of ${items} items, expected ${expected}`);
  const loss = feedback === "explicit" ? "mse" : "bce";
  if (spec.loss !== loss) throw complain(`${feedback} feedback needs the loss "${loss}", the task has "${spec.loss}"`);
}

function checkLabelled(spec: TaskSpec, { name, inputShape, y, classes }: Dataset): void {
  const complain = (what: string) => new TypeError(`data set "${name}" does not fit the task: ${what}`);
  if (spec.model.kind === "autoencoder") throw complain("an autoencoder learns ratings, these are labelled examples");
  if (inputShape.length !== spec.inputShape.length || inputShape.some((axis, i) => axis !== spec.inputShape[i])) {
    throw complain(`its inputs are [${inputShape.join(", ")}], expected [${spec.inputShape.join(", ")}]`);
  }
  const { dtype } = targetSpec(spec, y.data.length);
  if (y.dtype !== dtype) throw complain(`its targets are ${y.dtype}, ${spec.loss} needs ${dtype}`);
  if (spec.loss === "cross-entropy" && classes > spec.outputs) {
    throw complain(`it has ${classes} classes, the model has ${spec.outputs} outputs`);
  }
  if (spec.loss !== "cross-entropy" && spec.outputs !== 1) {
    throw complain(`it has one target for each example, the model has ${spec.outputs} outputs`);
  }
  const stray = spec.loss === "bce" ? y.data.findIndex((target) => !(target >= 0 && target <= 1)) : -1;
  if (stray >= 0) throw complain(`target ${y.data[stray]} of example ${stray} is not in 0 … 1, which bce needs`);
}

function trainingStep(
  spec: TaskSpec,
  model: Model,
  optimizer: Optimizer,
  correction: DriftCorrection = {},
): StepDefinition {
  return {
    name: `${model.name}: training step`,
    carry: {
      parameters: model.parameters,
      optimizer: optimizer.state(model.parameters),
      constants: correctionConstants(correction, model.parameters),
    },
    input: {
      x: inputSpec(spec, spec.batchSize),
      y: targetSpec(spec, spec.batchSize),
      learningRate: { dtype: "float32", shape: [] },
    },
    apply(carry, input) {
      const [x, y, learningRate] = [arrayAt(input, "x"), arrayAt(input, "y"), arrayAt(input, "learningRate")];
      const parameters = branchAt(carry, "parameters");
      const objective = (p: ArrayTree) => ({ loss: batchLoss(spec, model.apply(p, x), y), aux: {} });
      const { loss, gradient } = valueAndGrad(objective)(parameters);
      const constants = branchAt(carry, "constants");
      const whole = correctDrift(correction, gradient, parameters, constants);
      const clipped = spec.clipNorm === undefined ? whole : clipByGlobalNorm(whole, spec.clipNorm);
      const next = optimizer.update(clipped, branchAt(carry, "optimizer"), parameters, learningRate);
      return { carry: { parameters: next.parameters, optimizer: next.state, constants }, output: { loss } };
    },
  };
}

function evaluation(spec: TaskSpec, model: Model, batch: number): Definition {
  return {
    name: `${model.name}: evaluation of ${batch}`,
    inputs: {
      parameters: model.parameters,
      x: inputSpec(spec, batch),
      y: targetSpec(spec, batch),
      weight: { dtype: "float32", shape: [batch] },
    },
    apply(inputs) {
      const [x, y, weight] = [arrayAt(inputs, "x"), arrayAt(inputs, "y"), arrayAt(inputs, "weight")];
      const outputs = model.apply(branchAt(inputs, "parameters"), x);
      const weighted = (values: NDArray) => sum(values.mul(weight));
      if (spec.model.kind === "autoencoder") return ratingSums(spec, outputs, y, weighted);
      const measured = Object.entries(exampleMetrics(spec, outputs, y)).map(([name, values]) => [
        name,
        weighted(values),
      ]);
      return { ...Object.fromEntries(measured), loss: weighted(exampleLoss(spec, outputs, y)), count: sum(weight) };
    },
  };
}

/** The mean loss over the examples of a batch; for an autoencoder, over the ratings. */
function batchLoss(spec: TaskSpec, outputs: NDArray, y: NDArray): NDArray {
  if (spec.model.kind !== "autoencoder") return mean(exampleLoss(spec, outputs, y));
  const { observed, errors } = ratingErrors(spec, outputs, y);
  return sum(errors).div(maximum(sum(observed), 1));
}

/** Sums over the ratings of all users instead of means over users: what is global adds up. */
function ratingSums(spec: TaskSpec, outputs: NDArray, y: NDArray, weighted: (values: NDArray) => NDArray) {
  const { target, observed, errors } = ratingErrors(spec, outputs, y);
  const overItems = (values: NDArray) => weighted(sum(values, { axis: 1 }));
  const agrees = outputs.greater(0).astype("float32").equal(target.greater(0.5).astype("float32")).astype("float32");
  return {
    loss: overItems(errors),
    count: overItems(observed),
    ...(spec.loss === "mse"
      ? { absoluteError: overItems(abs(outputs.sub(target)).mul(observed)) }
      : { correct: overItems(agrees.mul(observed)) }),
  };
}

/** [batch, N] each: the ratings with 0 where there is none (they come with NaN), 1 where there is one, and the losses. */
function ratingErrors({ loss }: TaskSpec, outputs: NDArray, y: NDArray) {
  const observed = y.equal(y).astype("float32");
  const target = where(y.equal(y), y, 0);
  const flat = [target.size];
  const errors =
    loss === "mse"
      ? square(outputs.sub(target))
      : binaryCrossEntropy(outputs.reshape(flat), target.reshape(flat)).reshape(target.shape);
  return { observed, target, errors: errors.mul(observed) };
}

/** [batch]: the loss of each example. */
function exampleLoss({ loss }: TaskSpec, outputs: NDArray, y: NDArray): NDArray {
  switch (loss) {
    case "cross-entropy":
      return crossEntropy(outputs, y);
    case "mse":
      return mse(outputs.reshape(y.shape), y);
    case "bce":
      return binaryCrossEntropy(outputs.reshape(y.shape), y);
  }
}

/** [batch] for each metric other than the loss; a mean over the outputs where there are several. */
function exampleMetrics({ loss, outputs: width }: TaskSpec, outputs: NDArray, y: NDArray): Record<string, NDArray> {
  switch (loss) {
    case "cross-entropy":
      return { correct: argmax(outputs, 1).equal(y).astype("float32") };
    case "bce": {
      // A logit of exactly 0 counts as a no.
      const agrees = outputs.greater(0).astype("float32").equal(rows(y, width).greater(0.5).astype("float32"));
      return { correct: mean(agrees.astype("float32"), { axis: 1 }) };
    }
    case "mse": {
      const error = outputs.sub(rows(y, width));
      return { squaredError: mean(square(error), { axis: 1 }), absoluteError: mean(abs(error), { axis: 1 }) };
    }
  }
}

/** Targets as [batch, outputs]. */
function rows(y: NDArray, width: number): NDArray {
  return y.reshape([y.size / width, width]);
}

function inputSpec({ inputShape }: TaskSpec, batch: number): TensorSpec {
  return { dtype: "float32", shape: [batch, ...inputShape] };
}

function targetSpec({ loss, outputs }: TaskSpec, batch: number): TensorSpec {
  if (loss === "cross-entropy") return { dtype: "int32", shape: [batch] };
  return { dtype: "float32", shape: outputs === 1 ? [batch] : [batch, outputs] };
}

function buildOptimizer(spec: TaskSpec["optimizer"]): Optimizer {
  switch (spec.kind) {
    case "sgd":
      return sgd(spec);
    case "adam":
      return adam(spec);
    case "adamw":
      return adamw(spec);
  }
}

function buildSchedule(spec: TaskSpec["schedule"]): Schedule {
  switch (spec?.kind) {
    case undefined:
    case "constant":
      return constantSchedule;
    case "cosine":
      return cosineSchedule(spec.rounds, spec.floor);
    case "linear":
      return linearSchedule(spec.rounds, spec.end);
  }
}
