/**
 * What decoding among k candidates delivers with the multipliers of the two duals, on generated candidate sets: two values
 * with correlation −0.5, both asked to rise by half a standard deviation, with some of the variance between prompts. The
 * candidates that decoding draws from are those that were solved on, so the model is right; 200 resamples.
 *
 *     node experiments/map/delivered.ts
 */
import {
  type DualKind,
  draw,
  labels,
  makeRewards,
  parsePalette,
  pickWeights,
  type Rewards,
  solve,
} from "@concord/alignment";
import { key, type Rng, rng, split } from "@concord/engine";
import { publish } from "./released.ts";

const PROMPTS = 400;
const RESAMPLES = 200;
const GOAL = 0.5;

const rows: string[][] = [];
for (const between of [0, 0.3, 0.6]) {
  for (const k of [8, 16]) {
    const sets = candidateSets(k, between);
    for (const dual of ["per-prompt", "joint"] as const) {
      const misses = missesOf(sets, k, dual);
      rows.push([String(between), String(k), dual, ...(misses ?? ["not reachable", "not reachable"])]);
    }
  }
}
publish(
  "delivered",
  `Delivered level less target (${GOAL} sd), mean ± standard error over ${RESAMPLES} resamples`,
  ["variance between prompts", "candidates", "dual", "value a", "value b"],
  rows,
);

function missesOf(sets: Rewards, k: number, dual: DualKind): string[] | null {
  const solution = solve(sets, parsePalette(`a=${GOAL},b=${GOAL}`), dual);
  if (!solution.feasible) return null;
  const { a = 0, b = 0 } = solution.lambda;
  const weights = Array.from({ length: PROMPTS }, (_, p) =>
    pickWeights(
      Array.from({ length: k }, (_, i) => a * rewardOf(sets, p * k + i, 0) + b * rewardOf(sets, p * k + i, 1)),
    ),
  );
  const delivered = Array.from({ length: RESAMPLES }, (_, resample) => {
    const random = rng(split(key("delivered"), resample));
    const picked = weights.map((own, p) => p * k + draw(own, random));
    return [0, 1].map((v) => picked.reduce((sum, j) => sum + rewardOf(sets, j, v) / PROMPTS, -GOAL));
  });
  return [0, 1].map((v) => {
    const all = delivered.map((miss) => miss[v] as number);
    const mean = all.reduce((sum, x) => sum + x, 0) / RESAMPLES;
    const variance = all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (RESAMPLES - 1);
    return `${mean.toFixed(4)} ± ${Math.sqrt(variance / RESAMPLES).toFixed(4)}`;
  });
}

function rewardOf({ data }: Rewards, j: number, v: number): number {
  return data[2 * j + v] as number;
}

function candidateSets(k: number, between: number): Rewards {
  const rows: number[][] = [];
  const prompts: number[] = [];
  for (let p = 0; p < PROMPTS; p++) {
    const random = rng(split(key("candidates"), `${between}`, p));
    const shift = pair(random);
    for (let i = 0; i < k; i++) {
      const own = pair(random);
      rows.push(
        [0, 1].map((v) => Math.sqrt(1 - between) * (own[v] as number) + Math.sqrt(between) * (shift[v] as number)),
      );
      prompts.push(p);
    }
  }
  return makeRewards(["a", "b"], rows, { prompts: labels(prompts) });
}

/** Standard normal with correlation −0.5. */
function pair(random: Rng): readonly [number, number] {
  const [x, y] = [random.normal(), random.normal()];
  return [x, -0.5 * x + Math.sqrt(0.75) * y];
}
