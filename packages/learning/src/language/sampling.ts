import type { Rng } from "@concord/engine";

/** How the next token is drawn. */
export interface Sampling {
  /** Logits are divided by it; 0 takes the most probable token. At least 0. */
  readonly temperature: number;
  /** Draw among so many of the most probable tokens. */
  readonly topK?: number | undefined;
  /** Draw among the most probable tokens that together reach this probability (Holtzman et al. 2020). In (0, 1]. */
  readonly topP?: number | undefined;
}

/** Throws RangeError that names the field, its value and its range. */
export function checkSampling({ temperature, topK, topP }: Sampling): void {
  if (!(temperature >= 0 && temperature <= 100))
    throw new RangeError(`temperature must be in 0 … 100, got ${temperature}`);
  if (topK !== undefined && !(Number.isSafeInteger(topK) && topK >= 1)) {
    throw new RangeError(`topK must be a whole number ≥ 1, got ${topK}`);
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1))
    throw new RangeError(`topP must be above 0 and up to 1, got ${topP}`);
}

/** Draws a token from logits. Of equal logits the earlier token counts as the more probable one. */
export function drawToken(logits: Float32Array, sampling: Sampling, random: Rng): number {
  const { temperature, topK = logits.length, topP = 1 } = sampling;
  if (temperature === 0) return mostProbable(logits);
  let kept = Array.from(logits, (logit, token) => ({ token, logit }));
  if (topK < kept.length || topP < 1) {
    kept.sort((a, b) => b.logit - a.logit || a.token - b.token);
    kept = kept.slice(0, topK);
  }
  const top = kept.reduce((most, { logit }) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const weights = kept.map(({ logit }) => Math.exp((logit - top) / temperature));
  const nucleus = topP < 1 ? nucleusSize(weights, topP) : weights.length;
  let left = random.uniform() * weights.slice(0, nucleus).reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < nucleus; i++) {
    left -= weights[i] as number;
    if (left < 0) return (kept[i] as { token: number }).token;
  }
  return (kept[nucleus - 1] as { token: number }).token;
}

/** log p(token) under the logits as they are. */
export function logProbability(logits: Float32Array, token: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (const logit of logits) top = Math.max(top, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - top);
  return (logits[token] as number) - top - Math.log(sum);
}

function mostProbable(logits: Float32Array): number {
  let best = 0;
  for (let token = 1; token < logits.length; token++) {
    if ((logits[token] as number) > (logits[best] as number)) best = token;
  }
  return best;
}

/** The fewest of the (descending) weights that reach the share. */
function nucleusSize(weights: readonly number[], share: number): number {
  const wanted = share * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const at = weights.findIndex((weight) => {
    sum += weight;
    return sum >= wanted;
  });
  return at < 0 ? weights.length : at + 1;
}
