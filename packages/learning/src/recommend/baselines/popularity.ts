import type { CatalogueScores } from "../rating-measures.ts";
import type { RatingsDataset } from "../ratings.ts";

/**
 * The most popular items, the same for everybody: how many users have rated an item (TopPop in Cremonesi, Koren and Turrin,
 * "Performance of Recommender Algorithms on Top-N Recommendation Tasks", RecSys 2010).
 */
export function popularityBaseline(train: RatingsDataset): CatalogueScores {
  const counts = new Float64Array(train.items);
  for (const item of train.known.items) counts[item] = (counts[item] ?? 0) + 1;
  return { kind: "order", of: () => counts };
}
