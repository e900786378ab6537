import type { CatalogueScores } from "../rating-measures.ts";
import { wantedFrom } from "../rating-measures.ts";
import type { RatingsDataset } from "../ratings.ts";
import { ratingsOf } from "../ratings.ts";
import { inverse } from "./positive-definite.ts";

/**
 * EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, eq. 8): with X the users' wanted items as 0 and
 * 1 and P = (XᵀX + λ I)⁻¹, the weights B = I − P · diag(1 / P) and the scores X B. One inverse of N × N numbers.
 *
 * @param penalty λ; 300 where it is not given
 */
export function ease(train: RatingsDataset, penalty = 300): CatalogueScores {
  const n = train.items;
  const least = wantedFrom(train.scale);
  const wanted = Array.from({ length: train.size }, (_, user) =>
    ratingsOf(train.known, user)
      .filter(({ value }) => value >= least)
      .map(({ item }) => item),
  );
  const gram = new Float64Array(n * n);
  for (const items of wanted) {
    for (const i of items) for (const j of items) gram[i * n + j] = (gram[i * n + j] as number) + 1;
  }
  for (let i = 0; i < n; i++) gram[i * n + i] = (gram[i * n + i] as number) + penalty;
  const p = inverse(gram, n);
  return {
    kind: "order",
    of(user) {
      const scores = new Float64Array(n);
      for (const i of wanted[user] ?? []) {
        // B_ij = −P_ij / P_jj, and 0 on the diagonal.
        for (let j = 0; j < n; j++) {
          if (j !== i) scores[j] = (scores[j] as number) - (p[i * n + j] as number) / (p[j * n + j] as number);
        }
      }
      return scores;
    },
  };
}
