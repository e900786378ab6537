/** Numbers as people read them. One locale for the whole page, so that figures of two parties compare by eye. */
const LOCALE = "en";

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });

/** 12,345. */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** "1 party", "8 parties". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A share as a percentage with one decimal: 0.8349 is "83.5%". */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** A loss with three significant digits, at most four decimals: "0.512", "12.3", "0.0042". */
export function formatLoss(loss: number): string {
  if (!Number.isFinite(loss)) return "not finite";
  const magnitude = Math.abs(loss);
  if (magnitude !== 0 && (magnitude >= 1e4 || magnitude < 1e-4)) return loss.toExponential(1);
  const decimals = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : magnitude >= 0.1 ? 3 : 4;
  return loss.toFixed(decimals);
}
