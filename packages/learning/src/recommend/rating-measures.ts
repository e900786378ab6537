import type { Evaluation } from "../evaluation.ts";
import type { Entry, RatingScale, RatingsDataset } from "./ratings.ts";
import { ratingsOf } from "./ratings.ts";

/** What a recommender says of every item of the catalogue for a user, given by row. */
export interface CatalogueScores {
  /** Ratings on the scale, logits of a like, or numbers of which only the order means something. */
  readonly kind: "ratings" | "logits" | "order";
  /** [N], the highest for what the user should like best. */
  readonly of: (user: number) => ArrayLike<number>;
}

/** Rating from which on an item counts as wanted, as a share of the scale: 4 and 5 of five stars, and a like. */
const WANTED_FROM = 0.6;

/** The least rating that counts as wanted. */
export function wantedFrom({ min, max }: RatingScale): number {
  return min + WANTED_FROM * (max - min);
}

/**
 * Sums and counts over the held-out ratings, of which parties can add up theirs:
 *
 * - `loss`: squared error of predictions cut to the scale (ratings), or cross-entropy (logits). The root of its mean over all
 *   held-out ratings is the global RMSE, which no batch size changes. `absoluteError` is that of the MAE, `accuracy` that of the likes.
 * - `ndcgK`, `recallK`: full ranking. All items but those that the user has rated in training are ranked; users without a wanted
 *   held-out item are left out.
 * - `heldOutNdcgK`: only the user's held-out items are ranked, and a user who wants none of them counts 0, as in the published
 *   code of PersonalFR. It says little: the order of ten items is easily right.
 *
 * Throws RangeError for a prediction that is not a number.
 */
export function measureRatings(of: RatingsDataset, scores: CatalogueScores, k = 10): Evaluation {
  const sums = new Map<string, { sum: number; count: number }>();
  const add = (metric: string, value: number | undefined) => {
    if (value === undefined) return;
    const { sum, count } = sums.get(metric) ?? { sum: 0, count: 0 };
    sums.set(metric, { sum: sum + value, count: count + 1 });
  };
  const least = wantedFrom(of.scale);
  for (let user = 0; user < of.size; user++) {
    const heldOut = ratingsOf(of.targets, user);
    if (heldOut.length === 0) continue;
    const predicted = scores.of(user);
    for (const entry of heldOut) {
      const value = predicted[entry.item] as number;
      if (Number.isNaN(value))
        throw new RangeError(`the prediction of item ${entry.item} for user ${user} is not a number`);
      if (scores.kind === "ratings") {
        const error = errorOf(value, entry, of.scale);
        add("loss", error ** 2);
        add("absoluteError", Math.abs(error));
      } else if (scores.kind === "logits") {
        add("loss", Math.max(value, 0) - value * entry.value + Math.log1p(Math.exp(-Math.abs(value))));
        add("accuracy", value > 0 === entry.value > 0.5 ? 1 : 0);
      }
    }
    const wanted = heldOut.filter(({ value }) => value >= least).map(({ item }) => predicted[item] as number);
    const unseen = rankingOf(wanted, unseenScores(of, user, predicted), k);
    add(`ndcg${k}`, unseen?.ndcg);
    add(`recall${k}`, unseen?.recall);
    const own = heldOut.map(({ item }) => predicted[item] as number);
    add(`heldOutNdcg${k}`, rankingOf(wanted, own, k)?.ndcg ?? 0);
  }
  return Object.fromEntries(sums);
}

/**
 * What the published code of PersonalFR calls RMSE: the mean over batches of `batchSize` users of the root of the batch's mean
 * squared error, weighted by the number of held-out ratings. By Jensen's inequality it falls with the batch size and is never
 * above the global RMSE; use it only to compare with numbers that were made so. NaN where nothing is held out.
 */
export function batchAveragedRmse(of: RatingsDataset, scores: CatalogueScores, batchSize: number): number {
  let [total, count] = [0, 0];
  for (let start = 0; start < of.size; start += batchSize) {
    let [squares, ratings] = [0, 0];
    for (let user = start; user < Math.min(start + batchSize, of.size); user++) {
      const heldOut = ratingsOf(of.targets, user);
      if (heldOut.length === 0) continue;
      const predicted = scores.of(user);
      for (const entry of heldOut) squares += errorOf(predicted[entry.item] as number, entry, of.scale) ** 2;
      ratings += heldOut.length;
    }
    if (ratings > 0) total += ratings * Math.sqrt(squares / ratings);
    count += ratings;
  }
  return total / count;
}

/** Error of a prediction cut to the scale. */
function errorOf(predicted: number, { value }: Entry, { min, max }: RatingScale): number {
  return Math.min(max, Math.max(min, predicted)) - value;
}

/** The scores of the items that the user has not rated in training. */
function unseenScores({ known, items }: RatingsDataset, user: number, scores: ArrayLike<number>): Float64Array {
  const unseen = new Float64Array(items);
  const [from = 0, to = 0] = [known.starts[user], known.starts[user + 1]];
  let [next, count] = [from, 0];
  for (let item = 0; item < items; item++) {
    if (next < to && known.items[next] === item) next++;
    else unseen[count++] = scores[item] as number;
  }
  return unseen.subarray(0, count);
}

/**
 * NDCG@k and Recall@k as `userNdcg` and `userRecall` define them, for wanted items of equal gain: it counts how many scores stand
 * above each of them and sorts nothing. Items of equal score share their ranks. Undefined where nothing is wanted.
 *
 * @param wanted the scores of the wanted items
 * @param all those of all ranked items, the wanted ones included
 */
function rankingOf(wanted: readonly number[], all: ArrayLike<number>, k: number) {
  if (wanted.length === 0) return undefined;
  let [gain, found, ideal] = [0, 0, 0];
  for (const score of wanted) {
    let [above, equal] = [0, 0];
    for (let j = 0; j < all.length; j++) {
      const other = all[j] as number;
      if (other > score) above++;
      else if (other === score) equal++;
    }
    for (let rank = above + 1; rank <= Math.min(above + equal, k); rank++) {
      gain += 1 / (Math.log2(rank + 1) * equal);
      found += 1 / equal;
    }
  }
  for (let rank = 1; rank <= Math.min(wanted.length, k); rank++) ideal += 1 / Math.log2(rank + 1);
  return { ndcg: gain / ideal, recall: found / wanted.length };
}
