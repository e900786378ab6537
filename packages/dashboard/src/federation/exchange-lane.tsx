import { memo } from "react";
import type { Lane } from "../state/timeline.ts";

/** Along x local steps, along y these units; strokes keep their width however far the lane is stretched. */
const HEIGHT = 18;
const MIDDLE = HEIGHT / 2;

/**
 * A member's exchanges as marks along the steps of a round. One path for each kind of mark: a lane of 250 exchanges is as
 * light as a lane of one, and where marks come closer than their width the lane reads as a band.
 */
export const ExchangeLane = memo(function ExchangeLane({
  lane,
  steps,
  fast,
}: {
  readonly lane: Lane;
  readonly steps: number;
  readonly fast: boolean;
}) {
  const { exchanged, missed, ahead, open } = lane;
  const reached = Math.max(0, exchanged.at(-1) ?? 0, ...missed);
  return (
    <svg
      className="lane"
      viewBox={`0 0 ${steps} ${HEIGHT}`}
      preserveAspectRatio="none"
      data-fast={fast || undefined}
      aria-hidden="true"
    >
      <path className="lane-track" d={`M0 ${MIDDLE}H${steps}`} />
      {reached > 0 && <path className="lane-past" d={`M0 ${MIDDLE}H${reached}`} />}
      {open !== null && <path className="lane-open" d={`M${open.from} ${MIDDLE}H${open.to}`} />}
      <path className="lane-ahead" d={ticks(ahead, 3)} />
      <path className="lane-exchanged" d={ticks(exchanged, 7)} />
      <path className="lane-missed" d={dots(missed)} />
      <path className="lane-missed-core" d={dots(missed)} />
    </svg>
  );
});

function ticks(steps: readonly number[], reach: number): string {
  return steps.map((step) => `M${step} ${MIDDLE - reach}V${MIDDLE + reach}`).join("");
}

/** Lines without a length: their round ends make dots that are round at every width of the lane. */
function dots(steps: readonly number[]): string {
  return steps.map((step) => `M${step} ${MIDDLE}h0`).join("");
}
