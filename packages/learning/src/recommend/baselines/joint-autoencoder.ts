import type { ArrayTree, Definition, Engine, Key, StepDefinition, Tensor, TensorSpec, Tree } from "@concord/engine";
import { float32, mapTree, rng, scalar, specOf, split, square, sum, valueAndGrad } from "@concord/engine";
import { adam } from "../../adam.ts";
import { clipByGlobalNorm } from "../../clip.ts";
import { batches } from "../../data/batches.ts";
import { binaryCrossEntropy } from "../../losses.ts";
import { arrayAt, branchAt } from "../../paths.ts";
import type { AutoencoderShape } from "../autoencoder.ts";
import { autoencoder, decode, encode } from "../autoencoder.ts";
import { type CatalogueScores, measureRatings } from "../rating-measures.ts";
import type { RatingsDataset } from "../ratings.ts";
import { ratingsOf } from "../ratings.ts";

export interface JointOptions {
  readonly engine: Engine;
  readonly key: Key;
  /** h; 256 as published where it is not given. */
  readonly hidden?: number;
  /** c; 128 as published. */
  readonly code?: number;
  /** The most passes over all users; 800 as published. */
  readonly epochs?: number;
  /** Users in a batch; 500 as published. */
  readonly batchSize?: number;
  /** 0.001 as published. */
  readonly learningRate?: number;
  /** 5e-4 as published. */
  readonly weightDecay?: number;
  /** Share of the code that is dropped; 0.5 as published. */
  readonly dropout?: number;
  /** Share of the input that is dropped, the rest scaled up; 0 as published. It keeps a user's ratings from predicting themselves. */
  readonly inputDropout?: number;
  /**
   * λ: ratings are read and predicted less m + Σ (r_ui − m) / (n_u + λ), the user's mean drawn towards the middle m of the scale. Where it
   * is not given, less m alone, so that 0 for an unrated item is no opinion (published: the ratings themselves).
   */
  readonly userBias?: number | undefined;
  /**
   * Where the parameters are chosen by it, instead of the last ones being taken: held-out ratings for validation. They are measured
   * every `every` epochs, and training ends after `patience` measurements without a better one.
   */
  readonly selection?: { readonly on: RatingsDataset; readonly every: number; readonly patience: number } | undefined;
}

const CLIP_NORM = 1;
const PREDICTION_BATCH = 256;

/**
 * The autoencoder of PersonalFR trained in one place on everybody's ratings ("Joint" in Le et al. 2022, arXiv:2212.08779): Adam,
 * gradients clipped to norm 1, dropout on the code, the loss over rated items only. This is the upper end: no privacy at all.
 */
export async function jointAutoencoder(train: RatingsDataset, options: JointOptions): Promise<CatalogueScores> {
  const { engine, key, hidden = 256, code = 128, selection } = options;
  const { epochs = 800, learningRate = 1e-3, weightDecay = 5e-4 } = options;
  const batchSize = Math.min(options.batchSize ?? 500, train.size);
  const shape = { items: train.items, hidden, code };
  const model = autoencoder(shape);
  const optimizer = adam({ weightDecay });
  const program = await engine.compileStep(
    trainingStep({ shape, batchSize, optimizer, loss: train.feedback === "explicit" ? "squared" : "likes" }),
  );
  const centres = centresOf(train, options.userBias);
  const initial = withItemMeans(model.init(key), train, centres);
  let carry: Tree<Tensor> = { parameters: initial, optimizer: optimizer.init(mapTree(initial, specOf)) };
  let best = { parameters: initial, loss: Number.POSITIVE_INFINITY, epoch: 0 };
  const rows = batches({ key: split(key, "users"), examples: train.size, batchSize });
  const stepsAt = (epoch: number) => Math.floor((epoch * train.size) / batchSize);
  const every = selection?.every ?? epochs;
  for (let epoch = 0; epoch < epochs; epoch += every) {
    const [from, to] = [stepsAt(epoch), stepsAt(Math.min(epoch + every, epochs))];
    carry = (await program.run(carry, inputs(train, { from, to, rows, centres, learningRate, code, options }))).carry;
    const parameters = carry.parameters as Tree<Tensor>;
    if (selection === undefined) best = { parameters, loss: 0, epoch };
    else {
      const { loss } = measureRatings(selection.on, await predict(engine, shape, parameters, train, centres));
      const value = loss === undefined ? Number.NaN : loss.sum / loss.count;
      if (value < best.loss) best = { parameters, loss: value, epoch };
      if (epoch - best.epoch >= every * selection.patience) break;
    }
  }
  program.dispose();
  return predict(engine, shape, best.parameters, train, centres);
}

interface StepShape {
  readonly shape: AutoencoderShape;
  readonly batchSize: number;
  readonly optimizer: ReturnType<typeof adam>;
  readonly loss: "squared" | "likes";
}

/** Input `{ x, y, weight, dropout, learningRate }`: weight is 1 / (ratings in the batch) where there is one, `dropout` multiplies the code. */
function trainingStep({ shape, batchSize, optimizer, loss: kind }: StepShape): StepDefinition {
  const parameters = autoencoder(shape).parameters;
  const matrix: TensorSpec = { dtype: "float32", shape: [batchSize, shape.items] };
  return {
    name: "joint autoencoder: training step",
    carry: { parameters, optimizer: optimizer.state(parameters) },
    input: {
      x: matrix,
      y: matrix,
      weight: matrix,
      dropout: { dtype: "float32", shape: [batchSize, shape.code] },
      learningRate: { dtype: "float32", shape: [] },
    },
    apply(carry, input) {
      const [before, y] = [branchAt(carry, "parameters"), arrayAt(input, "y")];
      const objective = (p: ArrayTree) => {
        const codes = encode(branchAt(p, "encoder"), arrayAt(input, "x")).mul(arrayAt(input, "dropout"));
        const outputs = decode(branchAt(p, "decoder"), codes);
        const errors =
          kind === "squared"
            ? square(outputs.sub(y))
            : binaryCrossEntropy(outputs.reshape([outputs.size]), y.reshape([y.size])).reshape(y.shape);
        return { loss: sum(errors.mul(arrayAt(input, "weight"))), aux: {} };
      };
      const { loss, gradient } = valueAndGrad(objective)(before);
      const clipped = clipByGlobalNorm(gradient, CLIP_NORM);
      const next = optimizer.update(clipped, branchAt(carry, "optimizer"), before, arrayAt(input, "learningRate"));
      return { carry: { parameters: next.parameters, optimizer: next.state }, output: { loss } };
    },
  };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly rows: (step: number) => Int32Array;
  readonly centres: Float64Array;
  readonly learningRate: number;
  readonly code: number;
  readonly options: JointOptions;
}

function* inputs(train: RatingsDataset, stretch: Stretch): Generator<Tree<Tensor>> {
  const { from, to, rows, centres, code, options } = stretch;
  const { key, dropout = 0.5, inputDropout = 0 } = options;
  const learningRate = scalar(stretch.learningRate);
  for (let step = from; step < to; step++) {
    const users = rows(step);
    const random = rng(split(key, "dropout", step));
    const kept = (share: number) => (random.uniform() < share ? 0 : 1 / (1 - share));
    const { x, y, weight } = denseRows(train, users, centres);
    if (inputDropout > 0) for (const [at, value] of x.entries()) if (value !== 0) x[at] = value * kept(inputDropout);
    const mask = Array.from({ length: users.length * code }, () => kept(dropout));
    const matrix = [users.length, train.items];
    yield {
      x: float32(matrix, x),
      y: float32(matrix, y),
      weight: float32(matrix, weight),
      dropout: float32([users.length, code], mask),
      learningRate,
    };
  }
}

/** What some users have rated in training, [users, N] each: as input, as targets, and 1 / (number of ratings) where there is one. */
function denseRows(train: RatingsDataset, users: ArrayLike<number>, centres: Float64Array) {
  const { items } = train;
  const [x, y, weight] = [0, 0, 0].map(() => new Float32Array(users.length * items)) as [
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
    Float32Array<ArrayBuffer>,
  ];
  let count = 0;
  for (let i = 0; i < users.length; i++) {
    const user = users[i] as number;
    for (const { item, value } of ratingsOf(train.known, user)) {
      const at = i * items + item;
      x[at] = value - (centres[user] as number);
      y[at] = x[at] as number;
      weight[at] = 1;
      count++;
    }
  }
  for (const [at, one] of weight.entries()) if (one > 0) weight[at] = one / count;
  return { x, y, weight };
}

/** [users]: what is taken off a user's ratings; nothing off likes. */
function centresOf({ feedback, scale, known, size }: RatingsDataset, userBias: number | undefined): Float64Array {
  const centres = new Float64Array(size);
  if (feedback === "implicit") return centres;
  const middle = (scale.min + scale.max) / 2;
  return centres.map((_, user) => {
    if (userBias === undefined) return middle;
    const own = ratingsOf(known, user);
    return middle + own.reduce((sum, { value }) => sum + value - middle, 0) / (own.length + userBias);
  });
}

/** Items count as rated so many times more, at the centre, in the first biases. */
const ITEM_PENALTY = 3;

/**
 * The last bias of explicit ratings begins at each item's mean less the centres (published: at 0, from where Adam needs longer to
 * the means than the weights need to overfit).
 */
function withItemMeans(parameters: Tree<Tensor>, train: RatingsDataset, centres: Float64Array): Tree<Tensor> {
  if (train.feedback === "implicit") return parameters;
  const [sums, counts] = [new Float64Array(train.items), new Float64Array(train.items)];
  for (let user = 0; user < train.size; user++) {
    for (const { item, value } of ratingsOf(train.known, user)) {
      sums[item] = (sums[item] as number) + value - (centres[user] as number);
      counts[item] = (counts[item] as number) + 1;
    }
  }
  const means = Float32Array.from(sums, (sum, item) => sum / ((counts[item] as number) + ITEM_PENALTY));
  return mapTree(parameters, (leaf, path) => (path === "decoder.items.bias" ? float32(leaf.shape, means) : leaf));
}

/** Predictions for every user, without dropout. */
async function predict(
  engine: Engine,
  shape: AutoencoderShape,
  parameters: Tree<Tensor>,
  train: RatingsDataset,
  centres: Float64Array,
): Promise<CatalogueScores> {
  const batch = Math.min(PREDICTION_BATCH, train.size);
  const model = autoencoder(shape);
  const definition: Definition = {
    name: "joint autoencoder: predictions",
    inputs: { parameters: model.parameters, x: { dtype: "float32", shape: [batch, shape.items] } },
    apply: (given) => ({ y: model.apply(branchAt(given, "parameters"), arrayAt(given, "x")) }),
  };
  const program = await engine.compile(definition);
  const rows: Float32Array[] = [];
  for (let start = 0; start < train.size; start += batch) {
    const users = Int32Array.from({ length: batch }, (_, i) => Math.min(start + i, train.size - 1));
    const { y } = await program.run({
      parameters,
      x: float32([batch, shape.items], denseRows(train, users, centres).x),
    });
    const predicted = (y as Tensor).data as Float32Array;
    for (let i = 0; i < batch && start + i < train.size; i++) {
      const centre = centres[start + i] as number;
      rows.push(predicted.slice(i * shape.items, (i + 1) * shape.items).map((value) => value + centre));
    }
  }
  program.dispose();
  return {
    kind: train.feedback === "explicit" ? "ratings" : "logits",
    of: (user) => rows[user] ?? new Float32Array(shape.items).fill(Number.NaN),
  };
}
