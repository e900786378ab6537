import type { Engine, Tensor, Tree } from "@concord/engine";
import { flatten, float32 } from "@concord/engine";
import type { Checkpoint, FederationSpec, SimulatedParty } from "@concord/federation";
import { algorithmOf, initialCheckpoint, inlineExecutor, simulate } from "@concord/federation";
import type { TaskSpec } from "@concord/learning";
import { buildTask, dataset } from "@concord/learning";
import { tinySpec } from "./tiny-federation.ts";

/**
 * Federations whose every local step can be worked out on paper: each party fits the line y = w x + b to points of its
 * own, with all of them in every batch, so that its loss is one quadratic function of θ = (w, b).
 */
export type Theta = readonly [w: number, b: number];

export interface Line {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const LINE_TASK = {
  model: { kind: "softmax" },
  inputShape: [1],
  outputs: 1,
  loss: "mse",
  optimizer: { kind: "sgd" },
  learningRate: 0.1,
} as const;

/** A federation of lines of the same number of points. */
export function lineSpec(
  lines: readonly Line[],
  algorithm: object,
  { task = {}, ...overrides }: { readonly task?: Partial<TaskSpec>; readonly rounds?: number } = {},
): FederationSpec {
  return tinySpec({ task: { ...LINE_TASK, batchSize: lines[0]?.y.length ?? 1, ...task }, algorithm, ...overrides });
}

/** Parties "a", "b", … */
export function lineParties(lines: readonly Line[]): SimulatedParty[] {
  return lines.map(({ x, y }, i) => {
    const id = String.fromCharCode(97 + i);
    const inputs = { kind: "float32" as const, data: Float32Array.from(x) };
    const train = dataset({
      name: id,
      inputShape: [1],
      inputs,
      y: float32([y.length], y),
      classes: 0,
      generated: true,
    });
    return { id, train };
  });
}

/** ∇f(θ) of the mean square error of a line, in float64. */
export function slopeOf({ x, y }: Line, [w, b]: Theta): Theta {
  let [dw, db] = [0, 0];
  for (const [k, at] of x.entries()) {
    const error = w * at + b - (y[k] ?? Number.NaN);
    dw += (2 * error * at) / x.length;
    db += (2 * error) / x.length;
  }
  return [dw, db];
}

/** θ − rate · d */
export function minus(theta: Theta, d: Theta, rate = 1): Theta {
  return [theta[0] - rate * d[0], theta[1] - rate * d[1]];
}

/** Σ weight_i θ_i */
export function mixture(parts: readonly (readonly [weight: number, theta: Theta])[]): Theta {
  return parts.reduce<Theta>((sum, [weight, theta]) => minus(sum, theta, -weight), [0, 0]);
}

/** The minimum of Σ weight_i f_i: the least squares line through all points, each with its party's weight. */
export function optimum(lines: readonly Line[], weights: readonly number[]): Theta {
  // The normal equations [xx x; x 1] (w, b) = (xy, y), in weighted means.
  const of = (f: (x: number, y: number) => number) =>
    lines.reduce((sum, { x, y }, i) => {
      const total = x.reduce((s, at, k) => s + f(at, y[k] ?? Number.NaN), 0);
      return sum + ((weights[i] ?? Number.NaN) * total) / x.length;
    }, 0);
  const [one, sx, sxx, sy, sxy] = [of(() => 1), of((x) => x), of((x) => x * x), of((_, y) => y), of((x, y) => x * y)];
  const determinant = sxx * one - sx * sx;
  return [(sxy * one - sx * sy) / determinant, (sxx * sy - sx * sxy) / determinant];
}

/** θ of a model. */
export function thetaOf(model: Tree<Tensor>): Theta {
  const values = new Map(flatten(model).map(([path, leaf]) => [path, leaf.data[0] as number]));
  return [values.get("fc1.weight") ?? Number.NaN, values.get("fc1.bias") ?? Number.NaN];
}

/** θ before the first round. */
export function startOf(spec: FederationSpec): Theta {
  return thetaOf(initialCheckpoint(spec).state.model);
}

/** Runs a federation to its end. */
export async function finished(
  engine: Engine,
  spec: FederationSpec,
  parties: readonly SimulatedParty[],
): Promise<Checkpoint> {
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), engine);
  let last = initialCheckpoint(spec);
  for await (const checkpoint of simulate({ spec, parties, executor })) last = checkpoint;
  return last;
}
