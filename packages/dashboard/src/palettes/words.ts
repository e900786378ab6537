import type { ValueView } from "./pilot.ts";
import { formatLevel } from "./scale.ts";
import type { KnownReach } from "./solving.ts";

/** Where a level stands among single answers, in whole per cent: 70 for the 70 % quantile. Between the described ones by a line. */
export function rankOf({ quantiles }: Pick<ValueView, "quantiles">, level: number): number {
  const known = Object.entries(quantiles).map(([name, at]) => ({ q: Number(name.slice(1)), at }));
  const above = known.findIndex(({ at }) => at >= level);
  if (above < 0) return 100;
  const high = known[above];
  const low = known[above - 1];
  if (high === undefined || low === undefined) return high !== undefined && high.at === level ? high.q : 0;
  return Math.round(low.q + ((high.q - low.q) * (level - low.at)) / (high.at - low.at));
}

/** "1.24 (q71)". */
export function levelWords(value: ValueView, level: number): string {
  const rank = rankOf(value, level);
  const place = rank <= 0 ? "below q1" : rank >= 100 ? "above q99" : `q${rank}`;
  return `${formatLevel(value.scale, level)} (${place})`;
}

/** How far a value can go, in words. */
export function reachWords(value: ValueView, known: KnownReach | undefined): string {
  if (value.constant) return "The same for all answers: nothing can move it.";
  if (known === undefined) return "How far it can go is being computed.";
  const { reach } = known;
  if (reach.kind === "stuck") return "The others cannot be held as they stand, so nothing is left for this one.";
  const limit = `Reaches ${levelWords(value, reach.limit)} while the others hold`;
  if (reach.thinFrom === null) return `${limit}.`;
  if (reach.thinFrom <= reach.from) return `${limit}, with too few samples all the way.`;
  return `${limit}; from ${formatLevel(value.scale, reach.thinFrom)} on, too few samples carry it.`;
}

/** A multiplier or a price with three digits. */
export function formatPrice(number: number): string {
  if (number === 0) return "0";
  const magnitude = Math.abs(number);
  const text = magnitude >= 1e4 || magnitude < 1e-4 ? number.toExponential(1) : number.toPrecision(3);
  return text.replaceAll("-", "−");
}
