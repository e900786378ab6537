import type { Evaluation, RatingsDataset } from "@concord/learning";
import { ratingsOf, userNdcg, userRecall } from "@concord/learning";

/** Rating from which on an item counts as wanted, as a share of the scale: 4 and 5 of five stars, and a like. */
const WANTED_FROM = 0.6;

/**
 * Sums and counts over the held-out ratings: squared and absolute error (explicit) or cross-entropy and accuracy (implicit), and
 * NDCG@10 and Recall@10 of ranking all items that the user has not rated in training. `heldOutNdcg10` ranks only the user's held-out
 * items, as the published code does. Users without a wanted item are left out of the rankings.
 *
 * @param predicted [users][N]: ratings, or logits of a like
 */
export function measure(of: RatingsDataset, predicted: readonly Float32Array[]): Evaluation {
  const sums = new Map<string, { sum: number; count: number }>();
  const add = (metric: string, value: number | undefined) => {
    if (value === undefined) return;
    const { sum, count } = sums.get(metric) ?? { sum: 0, count: 0 };
    sums.set(metric, { sum: sum + value, count: count + 1 });
  };
  const { min, max } = of.scale;
  const wanted = min + WANTED_FROM * (max - min);
  for (const [user, scores] of predicted.entries()) {
    const heldOut = ratingsOf(of.targets, user);
    for (const { item, value } of heldOut) {
      const score = scores[item] as number;
      if (of.feedback === "implicit") {
        add("loss", Math.max(score, 0) - score * value + Math.log1p(Math.exp(-Math.abs(score))));
        add("accuracy", score > 0 === value > 0.5 ? 1 : 0);
      } else {
        const error = Math.min(max, Math.max(min, score)) - value;
        add("loss", error ** 2);
        add("absoluteError", Math.abs(error));
      }
    }
    const gains = new Float32Array(of.items);
    for (const { item, value } of heldOut) gains[item] = value >= wanted ? 1 : 0;
    const seen = new Set(ratingsOf(of.known, user).map(({ item }) => item));
    const candidates = Array.from(gains.keys()).filter((item) => !seen.has(item));
    const ranking = { scores: candidates.map((i) => scores[i] ?? 0), gains: candidates.map((i) => gains[i] ?? 0) };
    add("ndcg10", userNdcg(ranking, 10));
    add("recall10", userRecall(ranking, 10));
    const own = heldOut.map(({ item }) => item);
    add(
      "heldOutNdcg10",
      userNdcg({ scores: own.map((i) => scores[i] ?? 0), gains: own.map((i) => gains[i] ?? 0) }, 10),
    );
  }
  return Object.fromEntries(sums);
}
