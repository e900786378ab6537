import type { ArrayTree, Engine, NDArray, Tensor } from "@concord/engine";
import {
  flatten,
  int32,
  key,
  mapTree,
  mean,
  portableEngine,
  rng,
  sizeOf,
  specOf,
  split,
  tensor,
  valueAndGrad,
} from "@concord/engine";
import { beforeAll, describe, expect, it } from "vitest";
import { lenet } from "./lenet.ts";
import { binaryCrossEntropy, crossEntropy, mse } from "./losses.ts";
import { mlp } from "./mlp.ts";
import type { Model } from "./model.ts";
import { arrayAt, branchAt } from "./paths.ts";
import { softmaxRegression } from "./softmax-regression.ts";

// Models do not name their precision, so their outputs can be had in float64, where differences mean something. The
// losses that are differentiated numerically are written here a second time, in plain float64, which checks their values
// too. (In a program, exp has float32 accuracy whatever the dtype, and jax-js's log an error of 1e-5.)

let engine: Engine;
beforeAll(async () => {
  engine = await portableEngine();
});

const BATCH = 2;
const OUTPUTS = 2;
const MODELS: readonly (readonly [Model, readonly number[]])[] = [
  [softmaxRegression([3], OUTPUTS), [3]],
  [mlp([3], [4], OUTPUTS), [3]],
  [lenet([16, 16, 1], OUTPUTS), [16, 16, 1]],
];
const LOSSES: readonly { name: string; y: Tensor; loss: Loss; plain: PlainLoss }[] = [
  {
    name: "cross-entropy",
    y: int32([BATCH], [1, 0]),
    loss: crossEntropy,
    plain: (row, y, i) => Math.log(row.reduce((total, z) => total + Math.exp(z), 0)) - (row[y[i] ?? 0] ?? 0),
  },
  {
    name: "mse",
    y: float64([BATCH, OUTPUTS], [0.5, -1, 2, 0.1]),
    loss: mse,
    plain: (row, y, i) => meanOf(row.map((z, j) => (z - (y[i * OUTPUTS + j] ?? 0)) ** 2)),
  },
  {
    name: "bce",
    y: float64([BATCH, OUTPUTS], [0, 1, 1, 0.3]),
    loss: binaryCrossEntropy,
    plain: (row, y, i) =>
      meanOf(
        row.map((z, j) => {
          const target = y[i * OUTPUTS + j] ?? 0;
          return target * Math.log(1 + Math.exp(-z)) + (1 - target) * Math.log(1 + Math.exp(z));
        }),
      ),
  },
];
const CASES = MODELS.flatMap(([model, shape]) => LOSSES.map((loss) => ({ ...loss, model, shape })));

describe("the gradient", () => {
  it.each(CASES)(
    "of $name on $model.name agrees with central differences",
    async ({ model, shape, loss, plain, y }) => {
      const random = rng(split(key("gradients"), model.name));
      const normals = (size: number) => Array.from({ length: size }, () => random.normal());
      const parameters = mapTree(model.init(split(key(5), model.name)), ({ shape, data }) => float64(shape, data));
      const x = float64([BATCH, ...shape], normals(BATCH * sizeOf(shape)));
      const specs = { parameters: mapTree(parameters, specOf), x: specOf(x) };

      const forward = await engine.compile({
        name: "outputs",
        inputs: specs,
        apply: (tree) => ({ outputs: model.apply(branchAt(tree, "parameters"), arrayAt(tree, "x")) }),
      });
      const backward = await engine.compile({
        name: "gradient",
        inputs: { ...specs, y: specOf(y) },
        apply(tree) {
          const objective = (p: ArrayTree) => mean(loss(model.apply(p, arrayAt(tree, "x")), arrayAt(tree, "y")));
          const { loss: value, gradient } = valueAndGrad((p) => ({ loss: objective(p), aux: {} }))(
            branchAt(tree, "parameters"),
          );
          return { value, gradient };
        },
      });
      const results = new Map(flatten(await backward.run({ parameters, x, y })));

      /** The loss after the parameters at `path` went a step in a direction. */
      async function lossAfter(path: string, direction: readonly number[], step: number): Promise<number> {
        const moved = mapTree(parameters, (leaf, p) =>
          p === path
            ? float64(
                leaf.shape,
                Array.from(leaf.data, (v, i) => v + step * (direction[i] ?? 0)),
              )
            : leaf,
        );
        const { outputs } = await forward.run({ parameters: moved, x });
        const values = Array.from((outputs as Tensor).data);
        const targets = Array.from(y.data);
        return meanOf(
          Array.from({ length: BATCH }, (_, i) => plain(values.slice(i * OUTPUTS, (i + 1) * OUTPUTS), targets, i)),
        );
      }

      expect(results.get("value")?.data[0]).toBeCloseTo(await lossAfter("", [], 0), 4);
      for (const [path, { data }] of flatten(parameters)) {
        // A random direction touches every element of a tensor at once.
        const direction = normals(data.length).map((d) => d / Math.sqrt(data.length));
        const gradient = results.get(`gradient.${path}`)?.data;
        const slope = direction.reduce((total, d, i) => total + d * (gradient?.[i] ?? Number.NaN), 0);
        const step = 1e-6;
        const difference =
          ((await lossAfter(path, direction, step)) - (await lossAfter(path, direction, -step))) / (2 * step);
        expect(Math.abs(slope - difference), path).toBeLessThan(1e-6 + 1e-6 * Math.abs(difference));
      }
    },
  );
});

type Loss = (outputs: NDArray, y: NDArray) => NDArray;
/** The loss of row i of the batch. */
type PlainLoss = (row: readonly number[], y: readonly number[], i: number) => number;

function float64(shape: readonly number[], values: ArrayLike<number>) {
  return tensor("float64", shape, Float64Array.from(values));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
