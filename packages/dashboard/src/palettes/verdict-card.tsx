import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useEffect, useState } from "react";
import { formatCount } from "../format/numbers.ts";
import { Problem } from "../shell/problem.tsx";
import type { Outcome } from "./outcome.ts";
import type { Solved } from "./solving.ts";
import { verdictOf } from "./verdict-words.ts";
import { formatPrice } from "./words.ts";

export interface VerdictCardProps {
  readonly solved: Solved;
  /** The sliders have moved on since. */
  readonly behind: boolean;
  readonly onTake: (levels: Readonly<Record<string, number>>) => void;
  readonly onPin: () => void;
  readonly onReset: () => void;
  /** What else is decided here. */
  readonly children: ReactNode;
}

/** Whether the palette can be had, and the figures that say what it takes. */
export function VerdictCard({
  solved: { outcome, problem },
  behind,
  onTake,
  onPin,
  onReset,
  children,
}: VerdictCardProps) {
  const verdict = verdictOf(outcome);
  const settled = useSettled(`${verdict.title}. ${verdict.words}`);
  return (
    <section
      className="card verdict"
      data-tone={verdict.tone}
      data-behind={behind ? "" : undefined}
      aria-labelledby="verdict-title"
    >
      <h2 id="verdict-title">{verdict.title}</h2>
      <p className="verdict-words">{verdict.words}</p>
      {/* Said once the sliders are at rest: a sentence for each step of one would drown everything else. */}
      <p className="visually-hidden" role="status">
        {settled}
      </p>
      <Figures outcome={outcome} />
      {problem !== null && <Problem>Nothing was solved: {problem}.</Problem>}
      <div className="verdict-actions">
        {outcome?.kind === "unreachable" && (
          <Button size="sm" onClick={() => onTake(outcome.solution.nearest)}>
            Take the nearest reachable
          </Button>
        )}
        <Button size="sm" variant="default" disabled={outcome?.kind !== "reached"} onClick={onPin}>
          Keep as palette A
        </Button>
        <Button size="sm" variant="default" onClick={onReset}>
          Back to the base
        </Button>
      </div>
      {children}
      <Warnings outcome={outcome} />
    </section>
  );
}

/** The same in one line, for a narrow screen. The card says it to those who listen. */
export function VerdictStrip({ outcome }: { readonly outcome: Outcome | null }) {
  const { tone, title } = verdictOf(outcome);
  const found = outcome?.kind === "reached" ? outcome.solution : null;
  return (
    <p className="bench-strip" data-tone={tone} aria-hidden="true">
      <strong>{title}</strong>
      {found !== null && (
        <span className="numeric">
          KL {formatPrice(found.kl)} · {formatCount(Math.round(found.ess))} samples
        </span>
      )}
    </p>
  );
}

function Figures({ outcome }: { readonly outcome: Outcome | null }) {
  const found = outcome?.kind === "reached" ? outcome.solution : null;
  return (
    <dl className="figures">
      <div>
        <dt>KL, nats</dt>
        <dd className="numeric" data-figure="kl">
          {found === null ? "–" : formatPrice(found.kl)}
        </dd>
      </div>
      <div>
        <dt>Effective samples</dt>
        <dd className="numeric" data-figure="ess">
          {found === null ? "–" : formatCount(Math.round(found.ess))}
        </dd>
      </div>
      <div>
        <dt>Slack</dt>
        <dd className="numeric" data-figure="slack">
          {outcome !== null && "solution" in outcome ? formatPrice(outcome.solution.slack) : "–"}
        </dd>
      </div>
    </dl>
  );
}

function Warnings({ outcome }: { readonly outcome: Outcome | null }) {
  if (outcome === null || !("solution" in outcome)) return null;
  return outcome.solution.warnings.map((warning) => (
    <p key={warning} className="small source-note">
      {warning}
    </p>
  ));
}

/** A text once it has stayed the same for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 800);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
