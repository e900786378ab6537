import { outline } from "./histogram.ts";
import type { ValueView } from "./pilot.ts";
import { placeOn } from "./scale.ts";

export interface DistributionProps {
  readonly value: ValueView;
  readonly base: number;
  readonly delivered: number | undefined;
  readonly after: readonly number[] | undefined;
  readonly pinned: readonly number[] | undefined;
}

const WIDTH = 480;
const HEIGHT = 64;

/** Single answers before and under the palette, over the slider's scale. What it shows stands beside it in numbers. */
export function Distribution({ value, base, delivered, after, pinned }: DistributionProps) {
  const { scale, before } = value;
  // The base model sets the height, with room above it: the picture does not jump while one drags.
  const top = 1.6 * Math.max(...before.slice(1, -1), 0.02);
  const x = (level: number) => WIDTH * placeOn(scale, level);
  return (
    <svg
      className="distribution"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <path className="distribution-before" d={outline(before, WIDTH, HEIGHT, top)} />
      {after !== undefined && <path className="distribution-after" d={outline(after, WIDTH, HEIGHT, top)} />}
      {pinned !== undefined && <path className="distribution-pinned" d={outline(pinned, WIDTH, HEIGHT, top)} />}
      <line className="distribution-mean" x1={x(base)} x2={x(base)} y1={0} y2={HEIGHT} />
      {delivered !== undefined && (
        <line className="distribution-delivered" x1={x(delivered)} x2={x(delivered)} y1={0} y2={HEIGHT} />
      )}
    </svg>
  );
}
