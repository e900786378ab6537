import type { Key } from "@concord/engine";
import { rng } from "@concord/engine";

/**
 * Area under the ROC curve: the probability that a positive scores above a negative, ties counting half (Mann and Whitney 1947), exactly.
 * Undefined where there is no positive or no negative.
 */
export function auc(scores: ArrayLike<number>, positive: (index: number) => boolean): number | undefined {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let [below, wins, positives] = [0, 0, 0];
  for (let start = 0; start < order.length; ) {
    let [end, up, down] = [start, 0, 0];
    while (end < order.length && scores[order[end] as number] === scores[order[start] as number]) {
      if (positive(order[end++] as number)) up++;
      else down++;
    }
    wins += up * (below + down / 2);
    below += down;
    positives += up;
    start = end;
  }
  return positives > 0 && below > 0 ? wins / (positives * below) : undefined;
}

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Mean of values, one for each party, with a 95 % interval by the bootstrap: parties drawn with replacement, percentiles of the means
 * (Efron 1979). Throws RangeError for no values.
 */
export function bootstrapMean(values: readonly number[], key: Key, draws = 2000): Interval {
  if (values.length === 0) throw new RangeError("there are no values to average");
  const random = rng(key);
  const meanOf = (pick: () => number) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += pick();
    return sum / values.length;
  };
  const means = Float64Array.from({ length: draws }, () =>
    meanOf(() => values[random.below(values.length)] as number),
  ).sort();
  const at = (share: number) => means[Math.min(draws - 1, Math.floor(share * draws))] as number;
  return { mean: values.reduce((sum, value) => sum + value, 0) / values.length, low: at(0.025), high: at(0.975) };
}
