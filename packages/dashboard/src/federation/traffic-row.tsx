import { formatBytes } from "../format/bytes.ts";
import { ArrowDownIcon, ArrowUpIcon } from "../shell/icons.tsx";
import type { PartyBytes } from "../state/figures.ts";

/** One party's bars, up over down, on the scale of the largest. */
export function TrafficRow({ party: { name, up, down }, most }: { readonly party: PartyBytes; readonly most: number }) {
  return (
    <li className="traffic-row">
      <span className="traffic-name" title={name}>
        {name}
      </span>
      <div className="traffic-bars">
        <Bar direction="up" bytes={up} most={most} />
        <Bar direction="down" bytes={down} most={most} />
      </div>
    </li>
  );
}

interface BarProps {
  readonly direction: "up" | "down";
  readonly bytes: PartyBytes["up"];
  readonly most: number;
}

function Bar({ direction, bytes: { train, evaluate }, most }: BarProps) {
  const words = `${direction}: ${formatBytes(train)} to train, ${formatBytes(evaluate)} to evaluate`;
  return (
    <div className="traffic-bar" title={words}>
      <span className="traffic-direction" data-direction={direction}>
        {direction === "up" ? <ArrowUpIcon /> : <ArrowDownIcon />}
        <span className="visually-hidden">{words}</span>
      </span>
      <span className="traffic-track" aria-hidden="true">
        <span data-direction={direction} data-tone="strong" style={{ width: `${(100 * train) / most}%` }} />
        <span data-direction={direction} data-tone="soft" style={{ width: `${(100 * evaluate) / most}%` }} />
      </span>
      <span className="traffic-value numeric" aria-hidden="true">
        {formatBytes(train + evaluate)}
      </span>
    </div>
  );
}
