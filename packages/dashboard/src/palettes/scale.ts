/** What a slider runs over: round ends, round steps, and how many decimals a level on it has. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly decimals: number;
}

/** About so many steps, so that an arrow key moves a little and a whole sweep is no long way. */
const STEPS = 150;

/** A scale that holds `low` and `high`, with steps of 1, 2 or 5 times a power of ten. */
export function scaleOver(low: number, high: number): Scale {
  const raw = (high > low ? high - low : 1) / STEPS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (raw >= 5 * power ? 5 : raw >= 2 * power ? 2 : 1);
  const decimals = Math.min(20, Math.max(0, -Math.floor(Math.log10(power) + 1e-9)));
  const round = (level: number) => Number(level.toFixed(decimals));
  return {
    min: round(Math.floor(low / step) * step),
    max: round(Math.ceil(high / step) * step),
    step: round(step) || step,
    decimals,
  };
}

/** Where a level stands on a scale: 0 at its start, 1 at its end, and never beyond them. */
export function placeOn({ min, max }: Scale, level: number): number {
  return Math.min(1, Math.max(0, (level - min) / (max - min)));
}

/** A level as people read it: with one decimal more than the slider has. */
export function formatLevel({ decimals }: Scale, level: number): string {
  const text = level.toFixed(Math.min(20, decimals + 1));
  const short = text.replace(/\.?0+$/, "");
  return short === "-0" ? "0" : short.replace("-", "−");
}
