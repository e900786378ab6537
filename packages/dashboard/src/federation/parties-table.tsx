// biome-ignore-all lint/a11y/noRedundantRoles: on a narrow screen rows are laid out as cards, which would take the table's meaning away
import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { useFederation } from "./follower-context.ts";
import { PartyRow } from "./party-row.tsx";

/** More rows than this are drawn on request only. */
const PAGE = 200;

/** Everybody who takes part, or has. */
export function PartiesTable() {
  const parties = useFederation((state) => state.parties);
  const classes = useFederation(({ view }) => view.spec.task.outputs);
  const [shown, setShown] = useState(PAGE);
  const sorted = useMemo(
    () => [...parties].sort((a, b) => Number(a.status === "left") - Number(b.status === "left")),
    [parties],
  );
  return (
    <section className="card drawn-in-sight" aria-labelledby="parties-title">
      <div className="card-head">
        <h2 className="card-title" id="parties-title">
          Parties
        </h2>
        <span className="card-note numeric">{parties.length}</span>
      </div>
      {parties.length === 0 ? (
        <p className="empty">Nobody has joined yet. Invite a party: a browser tab is enough.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard
        <section className="scroller parties-scroller" tabIndex={0} aria-label="Parties, scrollable">
          <table className="table parties" role="table">
            <thead role="rowgroup">
              <tr role="row">
                <th role="columnheader" scope="col">
                  Party
                </th>
                <th role="columnheader" scope="col">
                  State
                </th>
                <th role="columnheader" scope="col">
                  Doing
                </th>
                <th role="columnheader" scope="col" className="right">
                  Examples
                </th>
                <th role="columnheader" scope="col">
                  Labels
                </th>
                <th role="columnheader" scope="col" className="right">
                  Updates
                </th>
                <th role="columnheader" scope="col" className="right">
                  Missed
                </th>
                <th role="columnheader" scope="col" className="right">
                  Bytes up
                </th>
                <th role="columnheader" scope="col" className="right">
                  Bytes down
                </th>
              </tr>
            </thead>
            <tbody role="rowgroup">
              {sorted.slice(0, shown).map((party) => (
                <PartyRow key={party.id} party={party} classes={classes} />
              ))}
            </tbody>
          </table>
          {sorted.length > shown && (
            <div className="more">
              <Button variant="subtle" size="compact-sm" onClick={() => setShown(shown + PAGE)}>
                More parties
              </Button>
            </div>
          )}
        </section>
      )}
    </section>
  );
}
