import type { ArrayTree, TensorSpec, Tree } from "@concord/engine";
import { zipTrees } from "@concord/engine";
import { branchAt } from "./paths.ts";

/**
 * What a federated algorithm adds to the gradient g at w in every local step, so that a party does not drift away from
 * the others:
 *
 *     g ← g + μ (w − anchor) + shift
 *
 * This is the gradient of f(w) + μ/2 ‖w − anchor‖² + ⟨shift, w⟩. Anchor and shift are trees like the parameters and constant while a segment runs.
 */
export interface DriftCorrection {
  /** μ ≥ 0. Where it is not given there is no such term, and no anchor. */
  readonly pull?: number | undefined;
  /** Whether there is a shift. */
  readonly shift?: boolean | undefined;
}

/** Specs of the constants of a correction: `anchor` and `shift`, each like the parameters, as far as it has them. */
export function correctionConstants(
  { pull, shift = false }: DriftCorrection,
  parameters: Tree<TensorSpec>,
): Tree<TensorSpec> {
  return { ...(pull !== undefined && { anchor: parameters }), ...(shift && { shift: parameters }) };
}

/** The corrected gradient, inside a program. */
export function correctDrift(
  { pull, shift = false }: DriftCorrection,
  gradient: ArrayTree,
  parameters: ArrayTree,
  constants: ArrayTree,
): ArrayTree {
  let g = gradient;
  if (pull !== undefined) {
    const away = zipTrees(parameters, branchAt(constants, "anchor"), (w, anchor) => w.sub(anchor));
    g = zipTrees(g, away, (a, d) => a.add(d.mul(pull)));
  }
  return shift ? zipTrees(g, branchAt(constants, "shift"), (a, s) => a.add(s)) : g;
}
