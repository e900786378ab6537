import type { FederationView } from "@concord/protocol";
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { listFederations } from "../api/federations.ts";
import { RequestError } from "../api/http.ts";
import type { Role } from "../session/session.ts";
import { closeSession } from "../session/session.ts";
import { Notice } from "../shell/notice.tsx";
import { Shell } from "../shell/shell.tsx";
import { Waiting } from "../shell/waiting.tsx";
import { chosenFederation, rememberFederation } from "./chosen-federation.ts";
import { FederationPage } from "./federation-page.tsx";

export interface WatchProps {
  readonly apiKey: string;
  readonly role: Role;
}

type Known =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly error: RequestError }
  | { readonly kind: "known"; readonly federations: readonly FederationView[] };

/** Finds the federations that the key can see, and shows one of them. */
export function Watch({ apiKey, role }: WatchProps) {
  const [known, setKnown] = useState<Known>({ kind: "loading" });
  const [attempt, setAttempt] = useState(0);
  const [chosen, setChosen] = useState<string | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt more is a read more
  useEffect(() => {
    const aborter = new AbortController();
    listFederations(apiKey, aborter.signal).then(
      (federations) => setKnown({ kind: "known", federations }),
      (error) => {
        if (aborter.signal.aborted) return;
        const failed = error instanceof RequestError ? error : new RequestError(null, 0, String(error));
        if (failed.status === 401) closeSession("The coordinator does not know this tab's key (any more).");
        else setKnown({ kind: "failed", error: failed });
      },
    );
    return () => aborter.abort();
  }, [apiKey, attempt]);

  if (known.kind === "loading") {
    return (
      <Shell>
        <Waiting what="Asking the coordinator" />
      </Shell>
    );
  }
  if (known.kind === "failed") {
    return (
      <Shell>
        <Notice title="The federation cannot be shown">
          <p>{sentence(known.error.message)}</p>
          <Button variant="default" onClick={() => setAttempt(attempt + 1)}>
            Try again
          </Button>
        </Notice>
      </Shell>
    );
  }
  const id = chosen ?? chosenFederation(known.federations, location.search);
  if (id === null) {
    return (
      <Shell>
        <Notice title="There is no federation yet">
          <p>
            The coordinator runs, but nothing trains on it. Start one with <code>concord start</code>.
          </p>
          <Button variant="default" onClick={() => setAttempt(attempt + 1)}>
            Look again
          </Button>
        </Notice>
      </Shell>
    );
  }
  const choose = (federation: string) => {
    rememberFederation(federation);
    setChosen(federation);
  };
  return (
    <FederationPage key={id} id={id} apiKey={apiKey} role={role} federations={known.federations} onChoose={choose} />
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
