import type { Key } from "@concord/engine";
import { permutation, rng, split } from "@concord/engine";
import type { CatalogueScores } from "../rating-measures.ts";
import type { RatingsDataset } from "../ratings.ts";
import { scoreKind } from "./bias.ts";

export interface FactorisationOptions {
  readonly key: Key;
  /** f: length of the vectors; 30 where it is not given. */
  readonly factors?: number;
  /** Passes over all ratings; 60 where it is not given. */
  readonly epochs?: number;
  /** γ: learning rate, falling linearly to a tenth; 0.01 where it is not given. */
  readonly learningRate?: number;
  /** λ; 0.09 where it is not given. */
  readonly penalty?: number;
}

/** Standard deviation of the first factors. */
const SPREAD = 0.1;

/**
 * Matrix factorisation with biases by stochastic gradient descent (Koren, Bell and Volinsky, Computer 2009, eq. 5):
 * r̂_ui = μ + b_u + b_i + q_iᵀ p_u, and for every rating with the error e = r_ui − r̂_ui
 *
 *     b ← b + γ (e − λ b);  q_i ← q_i + γ (e p_u − λ q_i);  p_u ← p_u + γ (e q_i − λ p_u)
 */
export function factorisation(train: RatingsDataset, options: FactorisationOptions): CatalogueScores {
  const { key, factors: f = 30, epochs = 60, learningRate = 0.01, penalty = 0.09 } = options;
  const { starts, items: columns, values } = train.known;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const random = rng(split(key, "factors"));
  const draw = (rows: number) => Float64Array.from({ length: rows * f }, () => SPREAD * random.normal());
  const [p, q] = [draw(train.size), draw(train.items)];
  const [users, items] = [new Float64Array(train.size), new Float64Array(train.items)];
  const owner = new Int32Array(values.length);
  for (let user = 0; user < train.size; user++) owner.fill(user, starts[user], starts[user + 1]);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = learningRate * (1 - (0.9 * epoch) / epochs);
    for (const e of permutation(rng(split(key, "epoch", epoch)), values.length)) {
      const [user, item] = [owner[e] as number, columns[e] as number];
      const [pu, qi] = [user * f, item * f];
      let predicted = mean + (users[user] as number) + (items[item] as number);
      for (let j = 0; j < f; j++) predicted += (p[pu + j] as number) * (q[qi + j] as number);
      const error = (values[e] as number) - predicted;
      users[user] = (users[user] as number) + rate * (error - penalty * (users[user] as number));
      items[item] = (items[item] as number) + rate * (error - penalty * (items[item] as number));
      for (let j = 0; j < f; j++) {
        const [a, b] = [p[pu + j] as number, q[qi + j] as number];
        p[pu + j] = a + rate * (error * b - penalty * a);
        q[qi + j] = b + rate * (error * a - penalty * b);
      }
    }
  }
  return {
    kind: scoreKind(train),
    of: (user) =>
      items.map((bias, item) => {
        let predicted = mean + (users[user] as number) + bias;
        for (let j = 0; j < f; j++) predicted += (p[user * f + j] as number) * (q[item * f + j] as number);
        return predicted;
      }),
  };
}
