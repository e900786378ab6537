import { useTitle } from "../shell/use-title.ts";
import { isGenerated } from "../words/task.ts";
import { LossSparkline } from "./loss-sparkline.tsx";
import { MemberControls } from "./member-controls.tsx";
import { MemberData } from "./member-data.tsx";
import { MemberEnd } from "./member-end.tsx";
import { MemberFigures } from "./member-figures.tsx";
import { SentTensors } from "./sent-tensors.tsx";
import { statusWords } from "./status-words.ts";
import type { TabParty } from "./tab-party.ts";
import { useEarlierUpdates } from "./use-earlier-updates.ts";
import { useTabView } from "./use-tab-view.ts";

export interface MemberPageProps {
  readonly party: TabParty;
  /** Forgets who this tab was, to begin with a new invite. */
  readonly onStartAnew: () => void;
}

/** This tab as a party: what it does, what it sends, and how to stop it. */
export function MemberPage({ party, onStartAnew }: MemberPageProps) {
  const { view, member } = useTabView(party);
  const { status } = view;
  const earlier = useEarlierUpdates(party);
  const words = statusWords(status);
  useTitle(member === undefined ? words.title : `${words.title} · ${member.title}`);
  const ended =
    status.kind === "finished" || status.kind === "left" || status.kind === "failed" || status.kind === "stopped";

  return (
    <div className="member">
      <header className="member-head">
        <div>
          <p className="dim">
            {member === undefined
              ? "This tab is a party"
              : `This tab ${ended ? "took" : "takes"} part as ${member.party} in`}
          </p>
          <h1>{member?.title ?? "Going on …"}</h1>
          {member !== undefined && isGenerated(member.dataset) && (
            <span className="tag" data-tone="warn">
              generated data
            </span>
          )}
        </div>
        {!ended && <MemberControls party={party} paused={status.kind === "paused"} ready={member !== undefined} />}
      </header>
      <section className="card member-state" data-state={words.tone} aria-label="What this tab does">
        <span className="dot" data-state={words.dot} aria-hidden="true" />
        <div role="status">
          <strong>{words.title}</strong>
          <p className="dim">{words.detail}</p>
        </div>
      </section>
      {ended && (
        <MemberEnd status={status} updates={status.updates + earlier} taken={party.taken} onStartAnew={onStartAnew} />
      )}
      <MemberFigures view={view} earlierUpdates={earlier} rounds={member?.rounds ?? null} />
      <div className="join-pair">
        <LossSparkline losses={view.losses} />
        {member !== undefined && <MemberData member={member} />}
      </div>
      <SentTensors />
      {!ended && (
        <p className="dim small">
          A reload goes on where it was. Closing the tab ends it: the others go on without this tab after a while.
        </p>
      )}
    </div>
  );
}
