/**
 * Share of the predictions that are the label: (1/n) Σ [ŷᵢ = yᵢ]. NaN for no examples.
 * Throws RangeError if the lengths differ, as all of the metrics here do.
 */
export function accuracy(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  return meanOverPairs(predicted, labels, (a, b) => (a === b ? 1 : 0));
}

/** Root of the mean squared error: √((1/n) Σ (ŷᵢ − yᵢ)²), in the unit of the targets. NaN for no examples. */
export function rmse(predicted: ArrayLike<number>, targets: ArrayLike<number>): number {
  return Math.sqrt(meanOverPairs(predicted, targets, (a, b) => (a - b) ** 2));
}

/** Mean absolute error: (1/n) Σ |ŷᵢ − yᵢ|, in the unit of the targets. NaN for no examples. */
export function mae(predicted: ArrayLike<number>, targets: ArrayLike<number>): number {
  return meanOverPairs(predicted, targets, (a, b) => Math.abs(a - b));
}

/** The items that are ranked for one user, in any order: item j has `scores[j]` and `gains[j]`. */
export interface UserRanking {
  /** What the model predicts; the highest comes first. */
  readonly scores: ArrayLike<number>;
  /**
   * How much the user wants an item: 0 for not relevant, above 0 for relevant. Use 1 for binary relevance; for the
   * exponential form of graded relevance pass 2^grade − 1.
   */
  readonly gains: ArrayLike<number>;
}

/** Whether a user without a relevant item is left out of the mean, or counts 0 in it as in the PersonalFR code. */
export type UsersWithoutRelevant = "skip" | "zero";

/**
 * NDCG@k, the mean over users of {@link userNdcg}. NaN where no user counts.
 *
 * @param withoutRelevant what becomes of a user without a relevant item; such a user has no ideal ranking to compare with
 */
export function ndcg(users: Iterable<UserRanking>, k: number, withoutRelevant: UsersWithoutRelevant = "skip"): number {
  return meanOverUsers(users, (user) => userNdcg(user, k), withoutRelevant);
}

/** Recall@k, the mean over users of {@link userRecall}. NaN where no user counts. */
export function recall(
  users: Iterable<UserRanking>,
  k: number,
  withoutRelevant: UsersWithoutRelevant = "skip",
): number {
  return meanOverUsers(users, (user) => userRecall(user, k), withoutRelevant);
}

/**
 * NDCG@k of one user: DCG@k / IDCG@k with DCG@k = Σ_{r=1…k} gain(r) / log₂(r + 1), where gain(r) belongs to the item at
 * rank r by score, and IDCG@k is the DCG@k of this user's items by gain (Järvelin and Kekäläinen 2002). In [0, 1].
 *
 * Items of equal score share their ranks: each takes the mean over all their orders (McSherry and Najork 2008), so that
 * a model that predicts one value for everything gets what a random ranking gets, not what the order of the file gives.
 *
 * Undefined for a user without a relevant item. Throws RangeError for a k below 1, a score that is not a number, or a gain
 * that is negative or not finite.
 */
export function userNdcg(user: UserRanking, k: number): number | undefined {
  const discount = (rank: number) => (rank <= k ? 1 / Math.log2(rank + 1) : 0);
  const ideal = expectedGain(user.gains, checked(user, k), discount);
  return ideal > 0 ? expectedGain(user.scores, user, discount) / ideal : undefined;
}

/**
 * Recall@k of one user: the share of the relevant items (gain above 0) that are among the k highest scores. In [0, 1]; it
 * cannot reach 1 for a user with more than k relevant items. Items of equal score share their ranks as in `userNdcg`.
 *
 * Undefined for a user without a relevant item. Throws RangeError as `userNdcg` does.
 */
export function userRecall(user: UserRanking, k: number): number | undefined {
  checked(user, k);
  const hits = Array.from(user.gains, (gain) => (gain > 0 ? 1 : 0));
  const relevant = hits.reduce((total: number, hit) => total + hit, 0);
  const found = expectedGain(user.scores, { ...user, gains: hits }, (rank) => (rank <= k ? 1 : 0));
  return relevant > 0 ? found / relevant : undefined;
}

/** Σ over ranks of discount(rank) · gain, in the order of `by` descending; the mean over the orders of equal items. */
function expectedGain(by: ArrayLike<number>, { gains }: UserRanking, discount: (rank: number) => number): number {
  const at = (values: ArrayLike<number>, j: number) => values[j] as number;
  const order = Array.from(gains, (_, j) => j).sort((i, j) => at(by, j) - at(by, i));
  let total = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    let gain = 0;
    let weight = 0;
    while (end < order.length && at(by, order[end] as number) === at(by, order[start] as number)) {
      gain += at(gains, order[end] as number);
      weight += discount(end + 1);
      end++;
    }
    total += (gain * weight) / (end - start);
    start = end;
  }
  return total;
}

function checked(user: UserRanking, k: number): UserRanking {
  const { scores, gains } = user;
  if (!(Number.isSafeInteger(k) && k >= 1)) throw new RangeError(`k must be a whole number ≥ 1, got ${k}`);
  requireSameLength(scores, gains);
  for (let j = 0; j < gains.length; j++) {
    const gain = gains[j] as number;
    if (!(gain >= 0 && gain < Number.POSITIVE_INFINITY)) throw new RangeError(`gain ${j} is ${gain}, must be ≥ 0`);
    if (Number.isNaN(scores[j])) throw new RangeError(`score ${j} is not a number`);
  }
  return user;
}

function meanOverUsers(
  users: Iterable<UserRanking>,
  metric: (user: UserRanking) => number | undefined,
  withoutRelevant: UsersWithoutRelevant,
): number {
  let total = 0;
  let count = 0;
  for (const user of users) {
    const value = metric(user);
    if (value === undefined && withoutRelevant === "skip") continue;
    total += value ?? 0;
    count++;
  }
  return total / count;
}

function meanOverPairs(a: ArrayLike<number>, b: ArrayLike<number>, f: (a: number, b: number) => number): number {
  requireSameLength(a, b);
  let total = 0;
  for (let i = 0; i < a.length; i++) total += f(a[i] as number, b[i] as number);
  return total / a.length;
}

function requireSameLength(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length) throw new RangeError(`${a.length} values and ${b.length} cannot be compared`);
}
