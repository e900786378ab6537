import { sizeOf } from "@concord/engine";
import { z } from "zod";
import type { Examples } from "./data/index.ts";
import { lenet, lenetInputProblem } from "./lenet.ts";
import { mlp } from "./mlp.ts";
import type { Model } from "./model.ts";
import { parameterCount } from "./model.ts";
import { autoencoder } from "./recommend/index.ts";
import { softmaxRegression } from "./softmax-regression.ts";

/** The most parameters that a task may have: 100 MB for one copy, of which a training step needs about four. */
export const MAX_PARAMETERS = 25_000_000;
/** The most float32 values that the layers may hold for one batch (256 MiB). */
export const MAX_ACTIVATIONS = 2 ** 26;

const size = z.int().min(1).max(65_536);
const fraction = z.number().min(0).max(1);
/** A decay rate of a running average: 1 would never take up anything new. */
const decay = z.number().min(0).lt(1);
const weightDecay = z.number().min(0).max(10).optional();
const rounds = z.int().min(1).max(1_000_000);

const modelSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("softmax") }),
  z.strictObject({
    kind: z.literal("mlp"),
    /** Widths of the hidden layers, first to last. */
    hidden: z.array(size).min(1).max(16).readonly(),
  }),
  z.strictObject({ kind: z.literal("lenet") }),
  z.strictObject({
    /** N-hidden-code-hidden-N, for ratings of N items. */
    kind: z.literal("autoencoder"),
    hidden: size.default(256),
    code: size.default(128),
  }),
]);

const optimizerSchema = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("sgd"),
      momentum: decay.optional(),
      nesterov: z.boolean().optional(),
      weightDecay,
    })
    .refine(({ nesterov, momentum }) => !nesterov || (momentum ?? 0) > 0, {
      path: ["momentum"],
      message: "nesterov needs a momentum above 0",
    }),
  z.strictObject({
    kind: z.enum(["adam", "adamw"]),
    beta1: decay.optional(),
    beta2: decay.optional(),
    epsilon: z.number().gt(0).max(1).optional(),
    weightDecay,
  }),
]);

const scheduleSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant") }),
  /** Falls to `floor` (0 where not given), a fraction of the learning rate, in so many rounds. */
  z.strictObject({ kind: z.literal("cosine"), rounds, floor: fraction.optional() }),
  /** Goes to `end` (0 where not given), a fraction of the learning rate, in so many rounds. */
  z.strictObject({ kind: z.literal("linear"), rounds, end: fraction.optional() }),
]);

/**
 * A task as its author states it. It may come from somebody whom a party does not trust, therefore every size has a
 * bound, and the bounds on the whole (`MAX_PARAMETERS`, `MAX_ACTIVATIONS`) are checked before anything is allocated.
 */
export const taskSpecSchema = z
  .strictObject({
    model: modelSchema,
    /** Shape of one input; images are [height, width, channels]. */
    inputShape: z.array(size).min(1).max(4).readonly(),
    /** Number of classes; of targets for "mse" and "bce". */
    outputs: size,
    loss: z.enum(["cross-entropy", "mse", "bce"]),
    optimizer: optimizerSchema,
    learningRate: z.number().gt(0).max(100),
    schedule: scheduleSchema.optional(),
    /** Limit on the norm of the gradient over all parameters. */
    clipNorm: z.number().gt(0).max(1e6).optional(),
    /** Examples in each local step. */
    batchSize: z.int().min(1).max(65_536),
  })
  .superRefine((spec, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (spec.loss === "cross-entropy" && spec.outputs < 2) {
      issue("outputs", `cross-entropy needs at least 2 classes, got ${spec.outputs}; use "bce" for one yes or no`);
    }
    const problem = inputProblem(spec);
    if (problem !== undefined) return issue("inputShape", problem);
    const parameters = parameterCount(buildModel(spec));
    if (parameters > MAX_PARAMETERS) {
      issue("model", `the model would have ${parameters} parameters, at most ${MAX_PARAMETERS} are allowed`);
    }
    const activations = spec.batchSize * activationCount(spec);
    if (activations > MAX_ACTIVATIONS) {
      issue("batchSize", `a batch would take ${activations} values, at most ${MAX_ACTIVATIONS} are allowed`);
    }
  });

export type TaskSpec = z.output<typeof taskSpecSchema>;

/** The parts of a task that its data settle: shape of an input, number of outputs, and the usual loss. */
export function taskDefaults(examples: Examples) {
  const { inputShape, classes } = examples;
  if (examples.kind === "ratings") {
    const loss = examples.feedback === "explicit" ? ("mse" as const) : ("bce" as const);
    return { inputShape, outputs: examples.items, loss };
  }
  return classes > 0
    ? { inputShape, outputs: classes, loss: "cross-entropy" as const }
    : { inputShape, outputs: 1, loss: "mse" as const };
}

/** The model that a task names. Allocates nothing. */
export function buildModel({ model, inputShape, outputs }: Pick<TaskSpec, "model" | "inputShape" | "outputs">): Model {
  switch (model.kind) {
    case "softmax":
      return softmaxRegression(inputShape, outputs);
    case "mlp":
      return mlp(inputShape, model.hidden, outputs);
    case "lenet":
      return lenet(inputShape, outputs);
    case "autoencoder":
      return autoencoder({ items: outputs, hidden: model.hidden, code: model.code });
  }
}

/** Why the model cannot read inputs of this shape; undefined if it can. */
function inputProblem({ model, inputShape, outputs }: Pick<TaskSpec, "model" | "inputShape" | "outputs">) {
  switch (model.kind) {
    case "lenet":
      return lenetInputProblem(inputShape);
    case "autoencoder":
      return inputShape.length === 1 && inputShape[0] === outputs
        ? undefined
        : `an autoencoder reads and predicts the same items: inputs [${inputShape.join(", ")}], ${outputs} outputs`;
    default:
      return undefined;
  }
}

/** Values that the layers hold for one example, from above. */
function activationCount({ model, inputShape, outputs }: TaskSpec): number {
  const inputs = sizeOf(inputShape);
  switch (model.kind) {
    case "softmax":
      return inputs + outputs;
    case "autoencoder":
      return inputs + outputs + 2 * model.hidden + model.code;
    case "mlp":
      return inputs + outputs + model.hidden.reduce((sum, width) => sum + width, 0);
    case "lenet": {
      // For each pixel: 6 after the first convolution and 6/4 after its pooling, then 16/4 and 16/16.
      const [height = 0, width = 0] = inputShape;
      return inputs + outputs + 13 * height * width + 204;
    }
  }
}
