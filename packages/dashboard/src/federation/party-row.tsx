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
    <tr data-left={status === "left" || undefined}>
      <th scope="row" className="party-name">
        {name}
        <span className="party-client">{client}</span>
      </th>
      <td data-label="State">
        <PartyState party={party} />
      </td>
      <td data-label="Doing" className={activity === "idle" ? "dim" : "party-doing"}>
        {DOING[activity]}
      </td>
      <td
        data-label="Examples"
        className="right numeric"
        title={`${formatCount(heldOut)} more are held out to evaluate`}
      >
        {formatCount(examples)}
      </td>
      <td data-label="Labels" className="party-labels">
        {labels === null ? (
          <span className="dim small">not shared</span>
        ) : (
          <LabelBars labels={labels} classes={classes} />
        )}
      </td>
      <td data-label="Updates" className="right numeric">
        {formatCount(updates)}
      </td>
      <td data-label="Missed" className={missed > 0 ? "right numeric missed" : "right numeric dim"}>
        {formatCount(missed)}
      </td>
      <td data-label="Up" className="right numeric">
        {formatBytes(train.wireUp + evaluate.wireUp)}
      </td>
      <td data-label="Down" className="right numeric">
        {formatBytes(train.wireDown + evaluate.wireDown)}
      </td>
    </tr>
  );
});
