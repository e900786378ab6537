import { useMemo } from "react";
import { useFederation } from "./follower-context.ts";
import { PartyRow } from "./party-row.tsx";

/** Everybody who takes part, or has. */
export function PartiesTable() {
  const parties = useFederation((state) => state.parties);
  const classes = useFederation(({ view }) => view.spec.task.outputs);
  const sorted = useMemo(
    () => [...parties].sort((a, b) => Number(a.status === "left") - Number(b.status === "left")),
    [parties],
  );
  return (
    <section className="card" aria-labelledby="parties-title">
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
          {/* Explicit roles: on a narrow screen the rows are laid out as cards, which would take the table's meaning away. */}
          {/* biome-ignore lint/a11y/noRedundantRoles: see above */}
          <table className="table parties" role="table">
            <thead>
              <tr>
                <th scope="col">Party</th>
                <th scope="col">State</th>
                <th scope="col">Doing</th>
                <th scope="col" className="right">
                  Examples
                </th>
                <th scope="col">Labels</th>
                <th scope="col" className="right">
                  Updates
                </th>
                <th scope="col" className="right">
                  Missed
                </th>
                <th scope="col" className="right">
                  Bytes up
                </th>
                <th scope="col" className="right">
                  Bytes down
                </th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((party) => (
                <PartyRow key={party.id} party={party} classes={classes} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
