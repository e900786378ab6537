import "uplot/dist/uPlot.min.css";
import "./line-chart.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { formatBytes } from "../format/bytes.ts";
import type { Columns } from "../state/curves.ts";

export interface Series {
  readonly label: string;
  /** A custom property of tokens.css, such as "--series-1". */
  readonly color: string;
  readonly dashed?: boolean;
}

/** What lies along x. Must stay the same object while it says the same. */
export type XAxis =
  /** Rounds up to the last that there will be, so that the axis does not grow while they come in. */
  { readonly kind: "rounds"; readonly last: number } | { readonly kind: "bytes" };

export interface LineChartProps {
  readonly columns: Columns;
  readonly series: readonly Series[];
  readonly x: XAxis;
  /** Lowest and highest value on the y axis for the lowest and highest in the data. Must stay the same function. */
  readonly yRange: (least: number, most: number) => [least: number, most: number];
  readonly yTick: (value: number) => string;
  /** For those who do not see the curve. */
  readonly description: string;
  /** The row under the pointer, or null. */
  readonly onHover: (row: number | null) => void;
}

const HEIGHT = 216;
/** Gaps between two numbers along x. */
const ROUND_GAPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000];
/** Powers of two, since bytes are shown in binary units. */
const BYTE_GAPS = Array.from({ length: 45 }, (_, power) => 2 ** power);

/** Lines over rounds or bytes. uPlot draws on a canvas; a change of the data redraws it without React. */
export function LineChart({ columns, series, x, yRange, yTick, description, onHover }: LineChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const latest = useRef(columns);
  latest.current = columns;
  // Canvas colours are fixed when it is made, so another scheme is another chart.
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme changes the colours that are read from the style
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const options = optionsFor({ element, series, x, yRange, yTick, onHover });
    const made = new uPlot(options, aligned(latest.current), element);
    chart.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [series, x, yRange, yTick, onHover, scheme]);

  useEffect(() => chart.current?.setData(aligned(columns)), [columns]);

  return <div className="line-chart" ref={box} role="img" aria-label={description} />;
}

type OptionsFor = Omit<LineChartProps, "columns" | "description"> & { readonly element: HTMLElement };

function optionsFor({ element, series, x, yRange, yTick, onHover }: OptionsFor): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (token: string) => style.getPropertyValue(token).trim();
  const font = `12px ${style.fontFamily}`;
  const axis = {
    stroke: color("--text-dim"),
    font,
    ticks: { show: false },
    border: { show: false },
  } satisfies uPlot.Axis;
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 8, width: 2 },
    },
    scales: {
      x: {
        time: false,
        range:
          x.kind === "rounds"
            ? () => [1, Math.max(2, x.last)]
            : (_chart, _least, most) => [0, Math.max(1024, most ?? 0)],
      },
      y: { range: (_chart, least, most) => yRange(least ?? 0, most ?? 1) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 30,
        gap: 6,
        space: x.kind === "rounds" ? 56 : 84,
        incrs: x.kind === "rounds" ? ROUND_GAPS : BYTE_GAPS,
        ...(x.kind === "rounds" ? {} : { values: (_chart, ticks) => ticks.map(formatBytes) }),
      },
      {
        ...axis,
        grid: { stroke: color("--line"), width: 1 },
        size: 48,
        gap: 6,
        space: 38,
        values: (_chart, ticks) => ticks.map(yTick),
      },
    ],
    series: [
      {},
      ...series.map(({ label, color: token, dashed }) => ({
        label,
        stroke: color(token),
        width: dashed ? 1.5 : 2.25,
        ...(dashed ? { dash: [5, 4] } : {}),
        spanGaps: true,
        // A line needs two ends; before that the value is a dot.
        points: { size: 6, fill: color(token), width: 0, show: (chart: uPlot) => chart.data[0].length < 2 },
      })),
    ],
    hooks: { setCursor: [(chart) => onHover(chart.cursor.idx ?? null)] },
  };
}

function aligned(columns: Columns): uPlot.AlignedData {
  return columns as unknown as uPlot.AlignedData;
}
