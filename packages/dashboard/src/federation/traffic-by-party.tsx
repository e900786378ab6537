import { useMemo } from "react";
import { plural } from "../format/numbers.ts";
import { bytesByParty } from "../state/figures.ts";
import { useFederation } from "./follower-context.ts";
import { TrafficRow } from "./traffic-row.tsx";

/** More than this make the list too long; the table of parties has them all. */
const MOST = 50;

/** Who sent and received how much, and whether to train or to evaluate. */
export function TrafficByParty() {
  const parties = useFederation((state) => state.parties);
  const all = useMemo(() => bytesByParty(parties), [parties]);
  const shown = all.slice(0, MOST);
  const most = Math.max(1, ...all.flatMap(({ up, down }) => [up.train + up.evaluate, down.train + down.evaluate]));
  return (
    <section className="card traffic-card" aria-labelledby="traffic-title">
      <div className="card-head">
        <h2 className="card-title" id="traffic-title">
          Bytes by party
        </h2>
        <p className="legend">
          <LegendPair name="train" tone="strong" />
          <LegendPair name="evaluate" tone="soft" />
        </p>
      </div>
      {all.length === 0 ? (
        <p className="empty">Nothing has been sent yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard
        <section className="scroller pair-scroller" tabIndex={0} aria-label="Bytes by party, scrollable">
          <ul className="traffic">
            {shown.map((party) => (
              <TrafficRow key={party.id} party={party} most={most} />
            ))}
          </ul>
          {all.length > MOST && <p className="empty">and {plural(all.length - MOST, "party", "parties")} with less</p>}
        </section>
      )}
    </section>
  );
}

function LegendPair({ name, tone }: { readonly name: string; readonly tone: "strong" | "soft" }) {
  return (
    <span className="legend-item">
      <span className="swatch" data-direction="up" data-tone={tone} aria-hidden="true" />
      <span className="swatch" data-direction="down" data-tone={tone} aria-hidden="true" />
      {name}
    </span>
  );
}
