import type { CatalogueScores } from "../rating-measures.ts";
import type { RatingsDataset } from "../ratings.ts";

/** r̂_ui = μ + b_u + b_i. */
export interface RatingBiases {
  /** μ: the mean of all ratings. */
  readonly mean: number;
  /** b_u, [users]. */
  readonly users: Float64Array;
  /** b_i, [N]; 0 for an item that nobody has rated. */
  readonly items: Float64Array;
}

export interface BiasPenalties {
  /** λ of the users' biases; 5 where it is not given. */
  readonly users?: number;
  /** λ of the items' biases; 3 where it is not given. */
  readonly items?: number;
}

/** Until no bias moves by more than this. */
const TOLERANCE = 1e-9;
const MOST_SWEEPS = 500;

/**
 * Biases of users and items by regularised least squares (Koren, Bell and Volinsky, "Matrix Factorization Techniques for
 * Recommender Systems", Computer 2009, eq. 3 with the penalty of eq. 5):
 *
 *     min Σ (r_ui − μ − b_u − b_i)² + λ_u Σ b_u² + λ_i Σ b_i²
 *
 * to the minimum, by exact steps over all users and all items in turn.
 */
export function fitBiases(train: RatingsDataset, penalties: BiasPenalties = {}): RatingBiases {
  const { starts, items: columns, values } = train.known;
  const { users: userPenalty = 5, items: itemPenalty = 3 } = penalties;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [users, items] = [new Float64Array(train.size), new Float64Array(train.items)];
  const counts = new Float64Array(train.items);
  for (const item of columns) counts[item] = (counts[item] ?? 0) + 1;
  for (let sweep = 0, moved = Number.POSITIVE_INFINITY; moved > TOLERANCE && sweep < MOST_SWEEPS; sweep++) {
    moved = 0;
    const sums = new Float64Array(train.items);
    for (let user = 0; user < train.size; user++) {
      const [from, to] = [starts[user] as number, starts[user + 1] as number];
      let sum = 0;
      for (let e = from; e < to; e++) sum += (values[e] as number) - mean - (items[columns[e] as number] as number);
      const bias = sum / (to - from + userPenalty || 1);
      moved = Math.max(moved, Math.abs(bias - (users[user] as number)));
      users[user] = bias;
      for (let e = from; e < to; e++) {
        const item = columns[e] as number;
        sums[item] = (sums[item] as number) + (values[e] as number) - mean - bias;
      }
    }
    for (let item = 0; item < items.length; item++) {
      const bias = (sums[item] as number) / ((counts[item] as number) + itemPenalty || 1);
      moved = Math.max(moved, Math.abs(bias - (items[item] as number)));
      items[item] = bias;
    }
  }
  return { mean, users, items };
}

/** What `fitBiases` predicts: the model that every other one has to beat. */
export function biasBaseline(train: RatingsDataset, penalties?: BiasPenalties): CatalogueScores {
  const { mean, users, items } = fitBiases(train, penalties);
  return { kind: scoreKind(train), of: (user) => items.map((bias) => mean + (users[user] as number) + bias) };
}

/** What a model of squared errors gives: ratings, or for likes only an order, because it has no logits. */
export function scoreKind({ feedback }: RatingsDataset): CatalogueScores["kind"] {
  return feedback === "explicit" ? "ratings" : "order";
}
