import type { Scale } from "./scale.ts";
import { placeOn } from "./scale.ts";

/** Bars of a distribution over a slider's scale. */
export const BARS = 48;

/**
 * The share of the weight in each of `BARS` equal parts of a scale; what lies beyond an end counts in its last bar.
 * `numbers[at(j)]` has the weight `weight(j)`, for j < n.
 */
export function histogram(
  scale: Scale,
  n: number,
  numberOf: (j: number) => number,
  weightOf: (j: number) => number,
): number[] {
  const bars = new Array<number>(BARS).fill(0);
  for (let j = 0; j < n; j++) {
    const bar = Math.min(BARS - 1, Math.floor(placeOn(scale, numberOf(j)) * BARS));
    bars[bar] = (bars[bar] as number) + weightOf(j);
  }
  return bars;
}

/** Bars as a closed outline for an SVG of the given size; `top` is the share that is as high as the picture. */
export function outline(bars: readonly number[], width: number, height: number, top: number): string {
  const across = width / bars.length;
  const steps = bars.map((share, i) => {
    const y = short(height - (height * Math.min(share, top)) / (top || 1));
    return `L${short(i * across)} ${y}H${short((i + 1) * across)}`;
  });
  return `M0 ${height}${steps.join("")}L${width} ${height}Z`;
}

function short(number: number): number {
  return Math.round(number * 100) / 100;
}
