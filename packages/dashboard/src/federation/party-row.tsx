// biome-ignore-all lint/a11y/noRedundantRoles: on a narrow screen a row is laid out as a card, which would take the table's meaning away
import type { PartyView } from "@concord/protocol";
import { memo } from "react";
import { formatBytes } from "../format/bytes.ts";
import { formatCount } from "../format/numbers.ts";
import { LabelBars } from "./label-bars.tsx";
import { PartyState } from "./party-state.tsx";

const DOING = { idle: "–", training: "training", evaluating: "evaluating" } as const;

/** One party. Drawn again only when it has changed. */
export const PartyRow = memo(function PartyRow({
  party,
  classes,
}: {
  readonly party: PartyView;
  readonly classes: number;
}) {
  const { name, client, activity, examples, heldOut, labels, updates, missed, train, evaluate, status } = party;
  return (
    <tr role="row" data-left={status === "left" || undefined}>
      <th role="rowheader" scope="row" className="party-name">
        {name}
        <span className="party-client">{client}</span>
      </th>
      <td role="cell" data-label="State">
        <PartyState party={party} />
      </td>
      <td role="cell" data-label="Doing" className={activity === "idle" ? "dim" : "party-doing"}>
        {DOING[activity]}
      </td>
      <td
        role="cell"
        data-label="Examples"
        className="right numeric"
        title={`${formatCount(heldOut)} more are held out to evaluate`}
      >
        {formatCount(examples)}
      </td>
      <td role="cell" data-label="Labels" className="party-labels">
        {labels === null ? (
          <span className="dim small">not shared</span>
        ) : (
          <LabelBars labels={labels} classes={classes} />
        )}
      </td>
      <td role="cell" data-label="Updates" className="right numeric">
        {formatCount(updates)}
      </td>
      <td role="cell" data-label="Missed" className={missed > 0 ? "right numeric missed" : "right numeric dim"}>
        {formatCount(missed)}
      </td>
      <td role="cell" data-label="Up" className="right numeric">
        {formatBytes(train.wireUp + evaluate.wireUp)}
      </td>
      <td role="cell" data-label="Down" className="right numeric">
        {formatBytes(train.wireDown + evaluate.wireDown)}
      </td>
    </tr>
  );
});
