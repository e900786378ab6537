import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { useFederation } from "./follower-context.ts";
import { RoundRowView } from "./round-row.tsx";

const PAGE = 100;

/** The rounds, newest first. */
export function RoundsTable() {
  const rounds = useFederation((state) => state.rounds);
  const parties = useFederation((state) => state.parties);
  const [shown, setShown] = useState(PAGE);
  const names = useMemo(() => new Map(parties.map(({ id, name }) => [id, name])), [parties]);
  const nameText = [...names].join("\n");
  // Names change rarely, parties often: rows are drawn again for the former only.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const stableNames = useMemo(() => names, [nameText]);
  const latest = rounds.slice(-shown).reverse();
  return (
    <section className="card" aria-labelledby="rounds-title">
      <div className="card-head">
        <h2 className="card-title" id="rounds-title">
          Rounds
        </h2>
        <span className="card-note">who took part, who was dropped</span>
      </div>
      {rounds.length === 0 ? (
        <p className="empty">The first round starts when enough parties have joined.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard
        <section className="scroller pair-scroller" tabIndex={0} aria-label="Rounds, scrollable">
          <table className="table rounds">
            <thead>
              <tr>
                <th scope="col">Round</th>
                <th scope="col">Took part</th>
                <th scope="col" className="right">
                  Accuracy
                </th>
                <th scope="col" className="right">
                  Loss
                </th>
                <th scope="col" className="right">
                  Time
                </th>
              </tr>
            </thead>
            <tbody>
              {latest.map((row) => (
                <RoundRowView key={row.round} row={row} names={stableNames} />
              ))}
            </tbody>
          </table>
          {rounds.length > shown && (
            <div className="more">
              <Button variant="subtle" size="compact-sm" onClick={() => setShown(shown + PAGE)}>
                Earlier rounds
              </Button>
            </div>
          )}
        </section>
      )}
    </section>
  );
}
