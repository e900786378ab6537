import { AlignmentError } from "./alignment-error.ts";
import type { Dual } from "./dual.ts";
import { makeDual } from "./dual.ts";
import { levelsUnder } from "./levels.ts";
import { kktError } from "./newton.ts";
import type { Palette } from "./palette.ts";
import type { Constraint, DualKind } from "./problem.ts";
import { makeProblem } from "./problem.ts";
import type { Rewards } from "./rewards.ts";
import { slackOf } from "./solve.ts";

/**
 * `coordinate`: each step sets the multiplier of one value to the best there is with the others frozen, on [0, ∞). That is
 * coordinate ascent on the dual and ends at the joint solution.
 * `as-printed`: equations (9)–(10) of the paper, where a step only ever adds to a multiplier. Theorem 5 says that this ends
 * at the joint solution as well; for positively correlated values it does not.
 */
export type SequentialScheme = "coordinate" | "as-printed";

export interface SequentialCycle {
  readonly cycle: number;
  readonly lambda: Readonly<Record<string, number>>;
  /** E_w r of every value after the cycle. */
  readonly realised: Readonly<Record<string, number>>;
  readonly kl: number;
  /** As of `solve`, in standard deviations. */
  readonly kkt: number;
}

export interface SequentialOptions {
  readonly dual?: DualKind;
  readonly scheme?: SequentialScheme;
  /** The most cycles; fewer are done where a cycle changes nothing any more. */
  readonly cycles?: number;
}

/**
 * Aligns one value at a time, in the order of the palette, again and again, so that one reward model at a time has to be in
 * memory. Throws AlignmentError where the palette is not reachable: the multipliers would grow without end.
 */
export function sequential(
  rewards: Rewards,
  palette: Palette,
  { dual: kind = "joint", scheme = "coordinate", cycles = 1000 }: SequentialOptions = {},
): readonly SequentialCycle[] {
  if (!Number.isSafeInteger(cycles) || cycles < 1) throw new AlignmentError(`cycles must be 1 or more, got ${cycles}`);
  const problem = makeProblem(rewards, palette, kind);
  const { t, rounding } = slackOf(problem);
  if (t < -rounding)
    throw new AlignmentError("the palette is not reachable: no order of the values helps; see align solve");
  const { k, constraints, movable, scale } = problem;
  const dual = makeDual(problem);
  const lambda = new Float64Array(k);
  const g = new Float64Array(k);
  const history: SequentialCycle[] = [];
  for (let cycle = 1; cycle <= cycles; cycle++) {
    let moved = 0;
    for (let i = 0; i < k; i++) {
      const floor = scheme === "as-printed" ? (lambda[i] as number) : 0;
      const before = lambda[i] as number;
      setBestOfOne(dual, lambda, i, floor);
      moved = Math.max(moved, Math.abs((lambda[i] as number) - before) / (1 + Math.abs(before)));
    }
    dual.moveTo(lambda);
    dual.gradient(g);
    const raw: Record<string, number> = {};
    for (const { label } of constraints) raw[label] = 0;
    movable.forEach((at, i) => {
      raw[(constraints[at] as Constraint).label] = (lambda[i] as number) * (scale[i] as number);
    });
    const kkt = kktError(lambda, g);
    history.push({ cycle, lambda: raw, realised: levelsUnder(problem, dual.weights()), kl: dual.divergence(), kkt });
    if (moved < 1e-12 || (scheme === "coordinate" && kkt < 1e-10)) break;
  }
  return history;
}

/** Sets λ_i to the minimiser of f on [floor, ∞) with the others frozen, by safeguarded Newton steps on f′. */
function setBestOfOne(dual: Dual, lambda: Float64Array, i: number, floor: number): void {
  const k = lambda.length;
  const g = new Float64Array(k);
  const h = new Float64Array(1);
  let low = floor;
  let high = Infinity;
  let here = lambda[i] as number;
  for (let step = 0; step < 100; step++) {
    lambda[i] = here;
    dual.moveTo(lambda);
    dual.gradient(g);
    const slope = g[i] as number;
    if (Math.abs(slope) <= 1e-13 || (here === floor && slope > 0)) break;
    if (slope < 0) low = here;
    else high = here;
    dual.hessian(g, h, [i]);
    const newton = here - slope / (h[0] as number);
    const inside = newton >= low && newton <= high && Number.isFinite(newton);
    const next = inside ? newton : high === Infinity ? 2 * here + 1 : (low + high) / 2;
    // Newton below the floor means that the floor is the place to look at.
    const bounded = newton < floor && here > floor && low === floor ? floor : next;
    if (bounded === here || (high - low < 1e-15 * high && high < Infinity)) break;
    here = bounded;
  }
}
