import type { ReactNode } from "react";
import { memo, useState } from "react";
import type { LineChartProps } from "../charts/line-chart.tsx";
import { LineChart } from "../charts/line-chart.tsx";

export interface CurveCardProps extends Omit<LineChartProps, "description" | "onHover"> {
  readonly title: string;
  /** What it is drawn against: "round" or "bytes". */
  readonly by: string;
  /** The round of each row, which along x may be told by its bytes. */
  readonly rounds: readonly number[];
  /** What a row is called, such as "round 12". */
  readonly at: (row: number) => string;
  /** A choice that stands in the head. */
  readonly choice?: ReactNode;
  readonly format: (value: number) => string;
}

/** A chart with its legend, which reads out the round under the pointer, or the last one. */
export const CurveCard = memo(function CurveCard({ title, by, rounds, at, choice, format, ...chart }: CurveCardProps) {
  const [hovered, setHovered] = useState<number | null>(null);
  const { columns, series } = chart;
  const [, ...values] = columns;
  const row = hovered !== null && hovered < rounds.length ? hovered : rounds.length - 1;
  const round = rounds[row];
  const read = (index: number) => {
    const value = values[index]?.[row];
    return value == null ? "–" : format(value);
  };
  const description =
    round === undefined
      ? `${title} by ${by}; no round has finished yet`
      : `${title} by ${by}; in ${at(rounds.length - 1)}: ${series.map(({ label }, i) => `${label} ${lastOf(values[i], format)}`).join(", ")}. The table of rounds has all values.`;
  return (
    <section className="card" aria-label={`${title} by ${by}`}>
      <div className="card-head curve-head">
        <h2 className="card-title">{title}</h2>
        {choice}
        <p className="legend numeric">
          <span className="dim">{round === undefined ? "no round yet" : at(row)}</span>
          {series.map(({ label, color, dashed }, index) => (
            <span className="legend-item" key={label}>
              <span
                className="legend-line"
                data-dashed={dashed || undefined}
                style={{ borderColor: `var(${color})` }}
                aria-hidden="true"
              />
              {label} <strong>{read(index)}</strong>
            </span>
          ))}
        </p>
      </div>
      <div className="chart-body">
        <LineChart {...chart} description={description} onHover={setHovered} />
      </div>
    </section>
  );
});

function lastOf(values: readonly (number | null)[] | undefined, format: (value: number) => string): string {
  const last = values?.filter((value) => value !== null).at(-1);
  return last == null ? "not measured" : format(last);
}
