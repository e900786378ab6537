import { memo } from "react";
import { formatLoss, formatShare } from "../format/numbers.ts";
import { formatSeconds } from "../format/time.ts";
import type { RoundRow } from "../state/federation-state.ts";
import { RoundMembers } from "./round-members.tsx";

export interface RoundRowViewProps {
  readonly row: RoundRow;
  /** What people call the parties. */
  readonly names: ReadonlyMap<string, string>;
}

/** One round. Drawn again only when it has changed. */
export const RoundRowView = memo(function RoundRowView({ row, names }: RoundRowViewProps) {
  const { round, status, accuracy, loss, seconds, voidReason } = row;
  return (
    <tr>
      <th scope="row" className="numeric">
        {round}
      </th>
      <td>
        <RoundMembers row={row} names={names} />
      </td>
      {status === "void" ? (
        <td colSpan={2} className="missed" title={voidReason ?? undefined}>
          void
        </td>
      ) : status === "finished" ? (
        <>
          <td className="right numeric">{accuracy === null ? "–" : formatShare(accuracy)}</td>
          <td className="right numeric">{loss === null ? "–" : formatLoss(loss)}</td>
        </>
      ) : (
        <td colSpan={2} className="right party-doing">
          {status} …
        </td>
      )}
      <td className="right numeric dim">{seconds === null ? "" : formatSeconds(seconds)}</td>
    </tr>
  );
});
