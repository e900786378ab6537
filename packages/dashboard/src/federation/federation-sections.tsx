import { exchangeCount } from "@concord/protocol";
import type { Role } from "../session/session.ts";
import { isOver } from "../state/federation-state.ts";
import { Announcer } from "./announcer.tsx";
import { Curves } from "./curves.tsx";
import { EventLog } from "./event-log.tsx";
import { useFederation } from "./follower-context.ts";
import { Heading } from "./heading.tsx";
import { PartiesTable } from "./parties-table.tsx";
import { ResultSummary } from "./result-summary.tsx";
import { RoundTimeline } from "./round-timeline.tsx";
import { RoundsTable } from "./rounds-table.tsx";
import { Tiles } from "./tiles.tsx";
import { TrafficByParty } from "./traffic-by-party.tsx";

/** Everything about one federation, from what matters most to the details. */
export function FederationSections({ apiKey, role }: { readonly apiKey: string; readonly role: Role }) {
  const over = useFederation(({ view }) => isOver(view));
  // A round with one exchange is told by a line; one with many is what the reader wants to see first.
  const several = useFederation(({ rounds }) =>
    (rounds.at(-1)?.members ?? []).some(({ exchanges }) => exchangeCount(exchanges) > 1),
  );
  return (
    <div className="sections">
      <Heading apiKey={apiKey} role={role} />
      {over && <ResultSummary />}
      <Tiles />
      <Curves />
      {several && <RoundTimeline />}
      <PartiesTable />
      {!several && <RoundTimeline />}
      <div className="sections-pair drawn-in-sight">
        <TrafficByParty />
        <RoundsTable />
      </div>
      <EventLog />
      <Announcer />
    </div>
  );
}
