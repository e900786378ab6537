import type { Tensor, Tree } from "@concord/engine";
import { flatten, float32, mapTree, scalar, specOf, unflatten } from "@concord/engine";
import { cosineSchedule, zeroState } from "@concord/learning";
import type { CoordinatorState } from "../algorithm.ts";
import type { PersonalfrSpec } from "./spec.ts";

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

type ServerSpec = PersonalfrSpec["server"];

/** The coordinator's state before the first round. */
export function serverInit(server: ServerSpec, model: Tree<Tensor>): CoordinatorState {
  if (server.kind === "mean") return { model };
  const zeros = () => zeroState(mapTree(model, specOf));
  return { model, server: { first: zeros(), second: zeros(), steps: scalar(0) } };
}

/**
 * What the coordinator does with the merged decoder D̄: D ← D̄, or a step of Adam along it (FedAdam: Reddi et al. 2021,
 * arXiv:2003.00295, algorithm 2, with bias correction): with Δ = D̄ − D
 *
 *     m ← β₁ m + (1 − β₁) Δ;  v ← β₂ v + (1 − β₂) Δ²;  D ← D + η m̂ / (√v̂ + ε)
 *
 * The weights of the last layer also shrink by the share `rowDecay`, apart from the gradient as in AdamW. That keeps rows of
 * rare items near their bias, where the average of all members would overfit them to the few users who have them.
 */
export function serverStep(
  server: ServerSpec,
  state: CoordinatorState,
  merged: Tree<Tensor>,
  round: number,
): CoordinatorState {
  if (server.kind === "mean") return { ...state, model: merged };
  const rate = server.cosineRounds === undefined ? 1 : cosineSchedule(server.cosineRounds)(round);
  const moments = state.server as { first: Tree<Tensor>; second: Tree<Tensor>; steps: Tensor };
  const steps = (moments.steps.data[0] as number) + 1;
  const leavesOf = (tree: Tree<Tensor>) => new Map(flatten(tree));
  const [target, m, v] = [leavesOf(merged), leavesOf(moments.first), leavesOf(moments.second)];
  const next = flatten(state.model).map(([path, old]) => {
    const keep = path === "items.weight" ? 1 - rate * server.rowDecay : 1;
    const [current, goal] = [old.data, (target.get(path) as Tensor).data] as [Float32Array, Float32Array];
    const first = Float32Array.from((m.get(path) as Tensor).data);
    const second = Float32Array.from((v.get(path) as Tensor).data);
    const data = new Float32Array(old.data.length);
    const [a, b] = [1 - BETA1 ** steps, 1 - BETA2 ** steps];
    for (let e = 0; e < data.length; e++) {
      const weight = current[e] as number;
      const change = (goal[e] as number) - weight;
      first[e] = BETA1 * (first[e] as number) + (1 - BETA1) * change;
      second[e] = BETA2 * (second[e] as number) + (1 - BETA2) * change * change;
      const step = (first[e] as number) / a / (Math.sqrt((second[e] as number) / b) + EPSILON);
      data[e] = keep * weight + rate * server.learningRate * step;
    }
    return { path, shape: old.shape, data, first, second };
  });
  const tree = (part: "data" | "first" | "second") =>
    unflatten(next.map((leaf) => [leaf.path, float32(leaf.shape, leaf[part])] as const));
  return {
    ...state,
    model: tree("data"),
    server: { first: tree("first"), second: tree("second"), steps: scalar(steps) },
  };
}
