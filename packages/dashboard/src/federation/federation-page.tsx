import "./federation-page.css";
import type { FederationView } from "@concord/protocol";
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Follower } from "../live/follow.ts";
import { follow } from "../live/follow.ts";
import type { Role } from "../session/session.ts";
import { closeSession } from "../session/session.ts";
import { Notice } from "../shell/notice.tsx";
import { Shell } from "../shell/shell.tsx";
import { Waiting } from "../shell/waiting.tsx";
import { useStore } from "../state/use-store.ts";
import { ConnectionNote } from "./connection-note.tsx";
import { FederationPicker } from "./federation-picker.tsx";
import { FederationSections } from "./federation-sections.tsx";
import { FollowerContext } from "./follower-context.ts";

export interface FederationPageProps {
  readonly id: string;
  readonly apiKey: string;
  readonly role: Role;
  readonly federations: readonly FederationView[];
  readonly onChoose: (id: string) => void;
}

/** One federation, live. */
export function FederationPage(props: FederationPageProps) {
  const { id, apiKey } = props;
  const [follower, setFollower] = useState<Follower | null>(null);
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt more is a new start
  useEffect(() => {
    const started = follow(apiKey, id);
    setFollower(started);
    return () => started.stop();
  }, [apiKey, id, attempt]);
  if (follower === null) return <Shell>{null}</Shell>;
  return (
    <FollowerContext value={follower}>
      <Page {...props} follower={follower} onRetry={() => setAttempt(attempt + 1)} />
    </FollowerContext>
  );
}

interface PageProps extends FederationPageProps {
  readonly follower: Follower;
  readonly onRetry: () => void;
}

function Page({ id, apiKey, role, federations, onChoose, follower, onRetry }: PageProps) {
  const problem = useStore(follower.store, (state) => state.problem);
  const known = useStore(follower.store, (state) => state.federation !== null);
  const lostKey = problem?.status === 401;
  useEffect(() => {
    if (lostKey) closeSession("The coordinator does not know this tab's key (any more).");
  }, [lostKey]);

  const bar = (
    <>
      <a className="bar-link" href="/palettes">
        Palettes
      </a>
      {federations.length > 1 && <FederationPicker federations={federations} chosen={id} onChoose={onChoose} />}
      <ConnectionNote />
    </>
  );
  return (
    <Shell bar={bar}>
      {known ? (
        <FederationSections apiKey={apiKey} role={role} />
      ) : problem !== null ? (
        <Notice title="The federation cannot be shown">
          <p>The coordinator says: {problem.message}.</p>
          <Button variant="default" onClick={onRetry}>
            Try again
          </Button>
        </Notice>
      ) : (
        <Waiting what="Reading the federation" />
      )}
    </Shell>
  );
}
