import { formatCount } from "../format/numbers.ts";

export interface LabelBarsProps {
  /** Count of examples by class. */
  readonly labels: readonly number[];
  readonly classes: number;
}

const HEIGHT = 22;
const BAR = 5;
const GAP = 2;
/** More classes than this are too thin to see. */
const MOST = 40;

/** How a party's examples spread over the classes. */
export function LabelBars({ labels, classes }: LabelBarsProps) {
  const counts = Array.from({ length: Math.max(classes, labels.length) }, (_, c) => labels[c] ?? 0);
  const present = counts.filter((count) => count > 0).length;
  const words = `${present} of ${counts.length} classes: ${counts.map((count, c) => `${c}: ${formatCount(count)}`).join(", ")}`;
  if (counts.length > MOST) return <span title={words}>{`${present} of ${counts.length}`}</span>;
  const most = Math.max(1, ...counts);
  const width = counts.length * (BAR + GAP) - GAP;
  return (
    <svg className="label-bars" width={width} height={HEIGHT} role="img" aria-label={words}>
      <title>{words}</title>
      {counts.map((count, c) => {
        const height = count === 0 ? 1 : Math.max(2, (HEIGHT * count) / most);
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a class is its index
            key={c}
            x={c * (BAR + GAP)}
            y={HEIGHT - height}
            width={BAR}
            height={height}
            rx={1}
            data-empty={count === 0 || undefined}
          />
        );
      })}
    </svg>
  );
}
