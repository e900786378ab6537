// biome-ignore-all lint/a11y/noRedundantRoles: see timeline-row.tsx
import { useMemo, useState } from "react";
import { plural } from "../format/numbers.ts";
import type { RoundRow } from "../state/federation-state.ts";
import { axisTicks, fastShares, timelineOf } from "../state/timeline.ts";
import { capWords, groupWords, timelineWords } from "../words/timeline.ts";
import { useFederation } from "./follower-context.ts";
import { RoundPicker } from "./round-picker.tsx";
import { TimelineRow } from "./timeline-row.tsx";

/** When each member of a round exchanges: done, missed and to come. Follows the latest round unless another is chosen. */
export function RoundTimeline() {
  const rounds = useFederation((state) => state.rounds);
  const [chosen, setChosen] = useState<number | null>(null);
  const row = rounds.find(({ round }) => round === chosen) ?? rounds.at(-1);
  return (
    <section className="card drawn-in-sight" aria-labelledby="timeline-title">
      <div className="card-head timeline-head">
        <h2 className="card-title" id="timeline-title">
          Exchanges of a round
        </h2>
        {row !== undefined && (
          <RoundPicker
            first={rounds[0]?.round ?? 1}
            last={rounds.at(-1)?.round ?? 1}
            chosen={chosen === null ? null : row.round}
            onChoose={setChosen}
          />
        )}
      </div>
      {row === undefined ? (
        <p className="empty">The first round starts when enough parties have joined.</p>
      ) : (
        <Lanes row={row} rounds={rounds} />
      )}
    </section>
  );
}

function Lanes({ row, rounds }: { readonly row: RoundRow; readonly rounds: readonly RoundRow[] }) {
  const parties = useFederation((state) => state.parties);
  const algorithm = useFederation(({ view }) => view.spec.algorithm);
  const names = useMemo(() => new Map(parties.map(({ id, name }) => [id, name])), [parties]);
  const timeline = useMemo(() => timelineOf(row), [row]);
  const shares = useMemo(() => fastShares(rounds), [rounds]);
  const { steps, members, fast } = timeline;
  const { round, status, merged, group, dropped } = row;
  const hasGroups = shares.size > 0;
  return (
    <>
      <p className="timeline-words">
        <strong>Round {round}</strong> <span className="dim">{timelineWords(row)}</span>
        {group !== null && <span className="timeline-group">{groupWords(group, members.length)}</span>}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
      <section className="scroller timeline-scroller" tabIndex={0} aria-label="Exchanges by party, scrollable">
        <table className="table timeline" role="table" aria-label={`Exchanges of round ${round}`}>
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                Party
              </th>
              <th role="columnheader" scope="col" className="timeline-axis">
                <span className="visually-hidden">Exchanges along {plural(steps, "local step")}</span>
                <Axis steps={steps} />
              </th>
              <th role="columnheader" scope="col" className="right">
                Exchanges
              </th>
              {hasGroups && (
                <th role="columnheader" scope="col" className="right" title={capWords(algorithm)}>
                  In the fast group
                </th>
              )}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {members.map((member) => (
              <TimelineRow
                key={member.party}
                member={member}
                name={names.get(member.party) ?? member.party}
                steps={steps}
                merged={merged}
                underWay={status === "training"}
                fast={fast.has(member.party)}
                share={hasGroups ? (shares.get(member.party) ?? { fast: 0, rounds: 0 }) : undefined}
                reasons={dropped
                  .filter(({ party }) => party === member.party)
                  .map(({ step, reason }) => `step ${step}: ${reason}`)
                  .join("; ")}
              />
            ))}
          </tbody>
        </table>
      </section>
      <Key hasGroups={hasGroups} cap={capWords(algorithm)} />
    </>
  );
}

function Axis({ steps }: { readonly steps: number }) {
  return (
    <span className="axis" aria-hidden="true">
      {axisTicks(steps).map((tick) => (
        <span key={tick} style={{ left: `${(100 * tick) / steps}%` }} data-edge={edgeOf(tick, steps)}>
          {tick}
        </span>
      ))}
    </span>
  );
}

function edgeOf(tick: number, steps: number): "first" | "last" | undefined {
  return tick === 0 ? "first" : tick === steps ? "last" : undefined;
}

/** What the marks mean. */
function Key({ hasGroups, cap }: { readonly hasGroups: boolean; readonly cap: string | undefined }) {
  return (
    <ul className="timeline-key">
      <li>
        <span className="key-mark" data-kind="exchanged" /> exchanged
      </li>
      <li>
        <span className="key-mark" data-kind="missed" /> missed
      </li>
      <li>
        <span className="key-mark" data-kind="ahead" /> to come
      </li>
      <li>
        <span className="key-mark" data-kind="open" /> steps under way
      </li>
      <li className="timeline-key-note">
        along the local steps of the round
        {hasGroups &&
          `; in percent: in how many of its rounds a party was in the fast group${cap === undefined ? "" : ` (${cap})`}`}
      </li>
    </ul>
  );
}
