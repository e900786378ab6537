import { memo } from "react";
import type { Lane } from "../state/timeline.ts";

/** The lane's own units, near to pixels; strokes keep their width however far it is stretched. */
const WIDTH = 1000;
const HEIGHT = 18;
const MIDDLE = HEIGHT / 2;

export interface ExchangeLaneProps {
  readonly lane: Lane;
  readonly steps: number;
  /** Outside of a group that exchanges more often. */
  readonly slow: boolean;
}

/**
 * A member's exchanges as marks along the steps of a round. One path for each kind of mark: a lane of 250 exchanges is as
 * light as a lane of one, and where marks come closer than their width the lane reads as a band.
 */
export const ExchangeLane = memo(function ExchangeLane({ lane, steps, slow }: ExchangeLaneProps) {
  const { exchanged, missed, ahead, open } = lane;
  const reached = Math.max(0, exchanged.at(-1) ?? 0, ...missed);
  const x = (step: number) => Number(((WIDTH * step) / steps).toFixed(1));
  const line = (from: number, to: number) => `M${x(from)} ${MIDDLE}H${x(to)}`;
  const ticks = (at: readonly number[], reach: number) =>
    at.map((step) => `M${x(step)} ${MIDDLE - reach}V${MIDDLE + reach}`).join("");
  // Lines without a length: their round ends make dots that are round at every width of the lane.
  const dots = missed.map((step) => `M${x(step)} ${MIDDLE}h0`).join("");
  return (
    <svg
      className="lane"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      data-slow={slow || undefined}
      aria-hidden="true"
    >
      <path className="lane-track" d={line(0, steps)} />
      {reached > 0 && <path className="lane-past" d={line(0, reached)} />}
      {open !== null && <path className="lane-open" d={line(open.from, open.to)} />}
      <path className="lane-ahead" d={ticks(ahead, 3)} />
      <path className="lane-exchanged" d={ticks(exchanged, 7)} />
      <path className="lane-missed" d={dots} />
      <path className="lane-missed-core" d={dots} />
    </svg>
  );
});
