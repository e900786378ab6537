import type { InspectResponse } from "@concord/protocol";
import { useEffect, useState } from "react";
import { inspectInvite } from "../api/federations.ts";
import { RequestError } from "../api/http.ts";
import { Waiting } from "../shell/waiting.tsx";
import type { InviteProblemKind } from "./invite-problem.tsx";
import { InviteProblem } from "./invite-problem.tsx";
import { JoinForm } from "./join-form.tsx";
import type { TabParty } from "./tab-party.ts";

export interface InvitedProps {
  readonly federation: string;
  readonly token: string;
  readonly onJoined: (party: TabParty) => void;
  /** Given if this tab is a party of the federation already. */
  readonly onGoOn: (() => void) | undefined;
}

type Looked =
  | { readonly kind: "looking" }
  | { readonly kind: "problem"; readonly problem: InviteProblemKind }
  | { readonly kind: "open"; readonly offer: InspectResponse };

/** Asks what the invite leads to, without using it, and offers to join. */
export function Invited({ federation, token, onJoined, onGoOn }: InvitedProps) {
  const [looked, setLooked] = useState<Looked>({ kind: "looking" });
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt more is a question more
  useEffect(() => {
    const aborter = new AbortController();
    inspectInvite(federation, token, aborter.signal).then(
      (offer) => {
        const over = offer.status === "finished" || offer.status === "stopped";
        setLooked(over ? { kind: "problem", problem: "over" } : { kind: "open", offer });
      },
      (error) => {
        if (!aborter.signal.aborted) setLooked({ kind: "problem", problem: problemOf(error) });
      },
    );
    return () => aborter.abort();
  }, [federation, token, attempt]);

  switch (looked.kind) {
    case "looking":
      return <Waiting what="Reading the invite" />;
    case "problem":
      return (
        <InviteProblem
          kind={looked.problem}
          {...(looked.problem === "unreachable" ? { onRetry: () => setAttempt(attempt + 1) } : {})}
        />
      );
    case "open":
      if (looked.offer.federation.spec.algorithm.kind === "personalfr") {
        // A recommender has a page of its own, where one rates before anything is decided.
        location.replace(`/recommender/${encodeURIComponent(federation)}#${token}`);
        return <Waiting what="Opening the recommender" />;
      }
      return <JoinForm offer={looked.offer} onJoined={onJoined} onGoOn={onGoOn} />;
  }
}

function problemOf(error: unknown): InviteProblemKind {
  if (!(error instanceof RequestError)) return "unreachable";
  switch (error.code) {
    case "gone":
      return error.message.includes("expired") ? "expired" : "used";
    case "not_found":
    case "unauthenticated":
    case "permission_denied":
      return "unknown";
    case "invalid_argument":
      return "damaged";
    case "failed_precondition":
      return "over";
    default:
      return "unreachable";
  }
}
