import type { ReactNode } from "react";

export interface TileProps {
  readonly label: string;
  readonly icon?: ReactNode;
  /** Null while nothing is known. */
  readonly value: string | null;
  /** What stands there then. */
  readonly unknown?: string;
  /** Small, beside the value. */
  readonly aside: string | null;
  readonly note: string;
}

/** One figure. Its height does not depend on what is known. */
export function Tile({ label, icon, value, unknown = "not measured yet", aside, note }: TileProps) {
  return (
    <div className="card tile">
      <dt className="tile-label">
        {icon}
        {label}
      </dt>
      <dd className="tile-value numeric">
        {value ?? <span className="tile-unknown">{unknown}</span>}
        {aside !== null && <span className="tile-aside">{aside}</span>}
      </dd>
      <dd className="tile-note" title={note}>
        {note}
      </dd>
    </div>
  );
}
