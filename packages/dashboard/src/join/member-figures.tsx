import { Tile } from "../federation/tile.tsx";
import { formatBytes } from "../format/bytes.ts";
import { formatCount, formatLoss } from "../format/numbers.ts";
import { ArrowDownIcon, ArrowUpIcon } from "../shell/icons.tsx";
import type { TabView } from "./tab-view.ts";

export interface MemberFiguresProps {
  readonly view: TabView;
  /** Updates that were counted before this page was loaded. */
  readonly earlierUpdates: number;
  readonly rounds: number | null;
}

/** The figures of this tab. */
export function MemberFigures({ view, earlierUpdates, rounds }: MemberFiguresProps) {
  const { status, round } = view;
  return (
    <dl className="tiles">
      <Tile
        label="Round"
        value={round === null ? null : formatCount(round)}
        unknown="not yet"
        aside={round === null || rounds === null ? null : `of ${formatCount(rounds)}`}
        note="this tab's latest"
      />
      <Tile
        label="Own training loss"
        value={status.loss === undefined ? null : formatLoss(status.loss)}
        unknown="not yet"
        aside={null}
        note="mean over its last steps"
      />
      <Tile
        label="Updates counted"
        value={formatCount(status.updates + earlierUpdates)}
        aside={null}
        note="sent, and accepted by the coordinator"
      />
      <Tile
        label="Sent"
        icon={<ArrowUpIcon />}
        value={formatBytes(status.bytesUp)}
        aside={null}
        note="since this page was loaded"
      />
      <Tile
        label="Received"
        icon={<ArrowDownIcon />}
        value={formatBytes(status.bytesDown)}
        aside={null}
        note="since this page was loaded"
      />
    </dl>
  );
}
