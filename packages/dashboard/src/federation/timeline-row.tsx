// biome-ignore-all lint/a11y/noRedundantRoles: on a narrow screen a row is laid out in two lines, which would take the table's meaning away
import type { RoundMember } from "@concord/protocol";
import { memo, useMemo } from "react";
import { formatCount } from "../format/numbers.ts";
import type { FastShare } from "../state/timeline.ts";
import { laneOf, laneWords } from "../state/timeline.ts";
import { ExchangeLane } from "./exchange-lane.tsx";
import { FastShareCell } from "./fast-share-cell.tsx";

export interface TimelineRowProps {
  readonly member: RoundMember;
  readonly name: string;
  readonly steps: number;
  readonly merged: number;
  readonly underWay: boolean;
  readonly fast: boolean;
  /** Undefined where the algorithm chooses no group. */
  readonly share: FastShare | undefined;
  /** Why it was dropped, one reason for each time. */
  readonly reasons: string;
}

/** A member's way through a round. Drawn again only when it has changed. */
export const TimelineRow = memo(function TimelineRow(props: TimelineRowProps) {
  const { member, name, steps, merged, underWay, fast, share, reasons } = props;
  const lane = useMemo(() => laneOf(member, merged, underWay), [member, merged, underWay]);
  const { exchanged, missed, ahead, backAt } = lane;
  return (
    <tr role="row" data-fast={fast || undefined}>
      <th role="rowheader" scope="row" className="timeline-name">
        <span className="timeline-name-text" title={name}>
          {name}
        </span>
        {fast && <span className="timeline-fast">fast</span>}
      </th>
      <td role="cell" className="timeline-lane" title={laneWords(lane)}>
        <ExchangeLane lane={lane} steps={steps} slow={share !== undefined && !fast} />
        <span className="visually-hidden">{laneWords(lane)}</span>
      </td>
      <td role="cell" className="right numeric timeline-count">
        {missed.length > 0 && (
          <span className="missed small" title={reasons || undefined}>
            {formatCount(missed.length)} missed{backAt !== null && <span className="dim">, back at {backAt}</span>}
          </span>
        )}
        <span>
          {formatCount(exchanged.length)}
          <span className="dim">/{formatCount(exchanged.length + missed.length + ahead.length)}</span>
        </span>
      </td>
      {share !== undefined && <FastShareCell share={share} />}
    </tr>
  );
});
