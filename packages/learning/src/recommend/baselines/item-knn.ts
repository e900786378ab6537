import type { CatalogueScores } from "../rating-measures.ts";
import type { RatingsDataset } from "../ratings.ts";
import { ratingsOf } from "../ratings.ts";
import { type BiasPenalties, fitBiases, scoreKind } from "./bias.ts";

export interface ItemKnnOptions {
  /** k: rated items that a prediction rests on; 40 where it is not given. */
  readonly neighbours?: number;
  /** λ: with so many common users a similarity counts half; 100 where it is not given. */
  readonly shrinkage?: number;
  readonly penalties?: BiasPenalties;
}

/**
 * Item neighbourhoods (Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative Filtering", TKDD 2010, eq. 2 and 3).
 * With the residuals e_uj = r_uj − b_uj of the biases and the users U(i, j) who have rated both items,
 *
 *     s_ij = n / (n + λ) · Σ e_ui e_uj / √(Σ e_ui² Σ e_uj²)  over U(i, j), n of them
 *     r̂_ui = b_ui + Σ_j s_ij e_uj / Σ_j s_ij
 *
 * over the k items j that the user has rated and that are nearest to i, those with s_ij > 0.
 */
export function itemKnn(train: RatingsDataset, options: ItemKnnOptions = {}): CatalogueScores {
  const { neighbours = 40, shrinkage = 100, penalties } = options;
  const { mean, users, items } = fitBiases(train, penalties);
  const residuals = Array.from({ length: train.size }, (_, user) =>
    ratingsOf(train.known, user).map(({ item, value }) => ({
      item,
      error: value - mean - (users[user] as number) - (items[item] as number),
    })),
  );
  const similarity = similarities(residuals, train.items, shrinkage);
  return {
    kind: scoreKind(train),
    of(user) {
      const rated = residuals[user] ?? [];
      const near = new Float64Array(rated.length);
      return items.map((bias, i) => {
        const row = i * train.items;
        for (const [at, { item }] of rated.entries()) near[at] = similarity[row + item] as number;
        const least = Math.max(0, kthLargest(near, neighbours));
        let [above, below] = [0, 0];
        for (const [at, { error }] of rated.entries()) {
          const s = near[at] as number;
          if (s <= 0 || s < least) continue;
          above += s * error;
          below += s;
        }
        return mean + (users[user] as number) + bias + (below > 0 ? above / below : 0);
      });
    },
  };
}

/** s_ij, [N, N]. */
function similarities(
  rows: readonly (readonly { readonly item: number; readonly error: number }[])[],
  n: number,
  shrinkage: number,
): Float32Array {
  // For i ≤ j: Σ e_i e_j at (i, j); Σ e_i² over the common users at squares (i, j), and Σ e_j² at squares (j, i).
  const [products, squares, common] = [new Float32Array(n * n), new Float32Array(n * n), new Int32Array(n * n)];
  for (const row of rows) {
    for (const [first, { item: i, error: a }] of row.entries()) {
      for (let second = first + 1; second < row.length; second++) {
        const { item: j, error: b } = row[second] as { item: number; error: number };
        const [ij, ji] = [i * n + j, j * n + i];
        products[ij] = (products[ij] as number) + a * b;
        squares[ij] = (squares[ij] as number) + a * a;
        squares[ji] = (squares[ji] as number) + b * b;
        common[ij] = (common[ij] as number) + 1;
      }
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const [ij, ji] = [i * n + j, j * n + i];
      const count = common[ij] as number;
      const length = Math.sqrt((squares[ij] as number) * (squares[ji] as number));
      const s = length > 0 ? ((count / (count + shrinkage)) * (products[ij] as number)) / length : 0;
      products[ij] = s;
      products[ji] = s;
    }
  }
  return products;
}

/** −∞ where there are fewer than k. */
function kthLargest(values: Float64Array, k: number): number {
  return values.length > k ? (values.toSorted()[values.length - k] as number) : Number.NEGATIVE_INFINITY;
}
