import { showNumber } from "../show.ts";
import { label, line } from "./svg.ts";

/** A rectangle to draw in, and where data coordinates fall in it. */
export interface Axes {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly frame: string;
}

export interface AxesOptions {
  readonly width: number;
  readonly height: number;
  readonly xs: readonly [low: number, high: number];
  readonly ys: readonly [low: number, high: number];
  readonly xName: string;
  readonly yName: string;
  /** Share axes show per cent. */
  readonly showX?: (value: number) => string;
}

const LEFT = 56;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 40;

export function axes({ width, height, xs, ys, xName, yName, showX = showNumber }: AxesOptions): Axes {
  const [x0, x1] = widened(xs);
  const [y0, y1] = widened(ys);
  const x = (value: number) => LEFT + ((value - x0) / (x1 - x0)) * (width - LEFT - RIGHT);
  const y = (value: number) => height - BOTTOM - ((value - y0) / (y1 - y0)) * (height - TOP - BOTTOM);
  const ticks = (low: number, high: number) => [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low));
  const frame = [
    ...ticks(x0, x1).map((value) =>
      label(x(value), height - BOTTOM + 16, showX(Number(value.toPrecision(3))), "middle"),
    ),
    ...ticks(y0, y1).map(
      (value) =>
        line(LEFT, y(value), width - RIGHT, y(value), "grid") +
        label(LEFT - 6, y(value) + 4, showNumber(Number(value.toPrecision(3))), "end"),
    ),
    label((LEFT + width - RIGHT) / 2, height - 6, xName, "middle"),
    `<g transform="rotate(-90 12 ${(height - BOTTOM) / 2})">${label(12, (height - BOTTOM) / 2, yName, "middle")}</g>`,
  ].join("");
  return { x, y, frame };
}

function widened([low, high]: readonly [number, number]): readonly [number, number] {
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}
