import { labels, makeRewards, type Rewards } from "@concord/alignment";
import { key, type Rng, rng, split } from "@concord/engine";

/** Standard normal pairs with a correlation. */
export function gaussianPairs(n: number, correlation: number, seed: string): Rewards {
  const random = rng(key(seed));
  return makeRewards(
    ["a", "b"],
    Array.from({ length: n }, () => pair(random, correlation)),
  );
}

/**
 * Sets of k candidates for each of a number of prompts: two values, standard normal with a correlation, of whose variance a
 * share is between prompts (the notes' synthetic check).
 */
export function candidateSets(
  prompts: number,
  k: number,
  { between, correlation, seed }: { readonly between: number; readonly correlation: number; readonly seed: string },
): Rewards {
  const rows: number[][] = [];
  const ids: number[] = [];
  for (let p = 0; p < prompts; p++) {
    const random = rng(split(key(seed), "prompt", p));
    const shift = pair(random, correlation);
    for (let i = 0; i < k; i++) {
      const own = pair(random, correlation);
      rows.push(own.map((x, v) => Math.sqrt(1 - between) * x + Math.sqrt(between) * (shift[v] as number)));
      ids.push(p);
    }
  }
  return makeRewards(["a", "b"], rows, { prompts: labels(ids) });
}

function pair(random: Rng, correlation: number): [number, number] {
  const [x, y] = [random.normal(), random.normal()];
  return [x, correlation * x + Math.sqrt(1 - correlation ** 2) * y];
}
