import { Progress } from "@mantine/core";
import { useMemo } from "react";
import { formatShare } from "../format/numbers.ts";
import { formatEstimate } from "../format/time.ts";
import type { Role } from "../session/session.ts";
import { useTitle } from "../shell/use-title.ts";
import { isOver } from "../state/federation-state.ts";
import { secondsLeft } from "../state/figures.ts";
import { algorithmWords, isGenerated, modelSizeWords } from "../words/task.ts";
import { useFederation } from "./follower-context.ts";
import { InviteButton } from "./invite-button.tsx";
import { ModelDownload } from "./model-download.tsx";
import { StatusBadge } from "./status-badge.tsx";

/** What is trained on what, how far it is, and what can be done. */
export function Heading({ apiKey, role }: { readonly apiKey: string; readonly role: Role }) {
  const view = useFederation((state) => state.view);
  const rounds = useFederation((state) => state.rounds);
  const left = useMemo(() => secondsLeft(view, rounds), [view, rounds]);
  const { spec, round, status, parameters } = view;
  const share = Math.min(1, round / spec.rounds);
  useTitle(status === "running" ? `${formatShare(share)} · ${spec.name}` : `${spec.name} (${status})`);

  return (
    <section className="heading" aria-labelledby="federation-name">
      <div className="heading-top">
        <div className="heading-words">
          <h1 id="federation-name">{spec.name}</h1>
          <p className="heading-data">
            <StatusBadge status={status} />
            <span>
              <span className="dim">Data: </span>
              {spec.dataset}
            </span>
            {isGenerated(spec.dataset) && (
              <span
                className="tag"
                data-tone="warn"
                title="These examples were made by a program, not collected from people."
              >
                generated data
              </span>
            )}
          </p>
          <p className="dim small">
            {algorithmWords(spec)} · {modelSizeWords(spec, parameters)}
          </p>
        </div>
        <div className="heading-actions">
          <ModelDownload apiKey={apiKey} />
          {role === "operator" && !isOver(view) && <InviteButton apiKey={apiKey} federation={view.id} />}
        </div>
      </div>
      <div className="heading-progress">
        <Progress value={100 * share} size="sm" radius="xl" aria-label={`Round ${round} of ${spec.rounds}`} />
        <p className="heading-progress-words numeric">
          <span>
            Round <strong>{round}</strong> of {spec.rounds}
          </span>
          <span className="dim">{remaining(status, round, left)}</span>
        </p>
      </div>
    </section>
  );
}

function remaining(status: string, round: number, left: number | null): string {
  if (status === "waiting") return "waiting for parties";
  if (status !== "running") return "";
  if (left === null) return round === 0 ? "first round in progress" : "";
  return `${formatEstimate(left)} left`;
}
