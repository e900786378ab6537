import "./recommender-page.css";
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { Notice } from "../shell/notice.tsx";
import { Problem } from "../shell/problem.tsx";
import { Shell } from "../shell/shell.tsx";
import { useTitle } from "../shell/use-title.ts";
import { Waiting } from "../shell/waiting.tsx";
import { keepForOffline } from "./keep-for-offline.ts";
import { Ready } from "./ready.tsx";
import { openTabRecommender, type TabRecommender } from "./tab-recommender.ts";
import { useRecommender } from "./use-recommender.ts";

/** The page of who rates: everything about it happens in this tab. */
export default function RecommenderPage({ federation }: { readonly federation: string }) {
  const [attempt, setAttempt] = useState(0);
  const [recommender, setRecommender] = useState<TabRecommender | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt more is another opening
  useEffect(() => {
    const opened = openTabRecommender({
      origin: location.origin,
      federation,
      invite: inviteIn(federation, location.hash),
    });
    setRecommender(opened);
    return () => opened.close();
  }, [federation, attempt]);
  return <Shell>{recommender && <Opening recommender={recommender} onAgain={() => setAttempt(attempt + 1)} />}</Shell>;
}

function Opening({ recommender, onAgain }: { readonly recommender: TabRecommender; readonly onAgain: () => void }) {
  const { home, state, problem, failed, deleted } = useRecommender(recommender);
  useTitle(home === undefined ? "Recommender" : home.spec.name);
  useEffect(() => {
    if (home === undefined) return;
    // The link is kept beside the ratings; the address need not show it.
    history.replaceState(history.state, "", location.pathname);
    keepForOffline(home.loaded);
  }, [home]);

  if (deleted) {
    return (
      <Notice title="Deleted">
        <p>Ratings, private state and key are gone from this browser. To begin anew, open your invite link again.</p>
      </Notice>
    );
  }
  if (failed !== undefined) return <NotOpened reason={failed.reason} onAgain={onAgain} />;
  if (home === undefined || state === undefined) return <Waiting what="Fetching the films and the model" />;
  return (
    <>
      {problem !== undefined && <Problem>{problem}</Problem>}
      <Ready recommender={recommender} home={home} state={state} />
    </>
  );
}

function NotOpened({ reason, onAgain }: { readonly reason: string; readonly onAgain: () => void }) {
  return (
    <Notice title="This recommender cannot be opened">
      <p role="alert">{reason}</p>
      <Button onClick={onAgain}>Try again</Button>
    </Notice>
  );
}

/** The link that the address holds, in the form that invites have. */
function inviteIn(federation: string, hash: string): string | undefined {
  return hash.length < 2 ? undefined : `${location.origin}/join/${encodeURIComponent(federation)}${hash}`;
}
