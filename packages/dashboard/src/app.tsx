import { lazy, Suspense } from "react";
import { Shell } from "./shell/shell.tsx";
import { Waiting } from "./shell/waiting.tsx";

const FederationEntry = lazy(() => import("./federation/federation-entry.tsx"));
const JoinPage = lazy(() => import("./join/join-page.tsx"));
const RecommenderPage = lazy(() => import("./recommender/recommender-page.tsx"));

/** The pages: `/join/FEDERATION` for a party, `/recommender/FEDERATION` for who rates, everything else for whoever watches. */
export function App() {
  const [, page, federation] = /^\/(join|recommender)\/([^/]+)\/?$/.exec(location.pathname) ?? [];
  const name = decodeURIComponent(federation ?? "");
  return (
    <Suspense
      fallback={
        <Shell>
          <Waiting what="Loading the page" />
        </Shell>
      }
    >
      {page === undefined && <FederationEntry />}
      {page === "join" && <JoinPage federation={name} />}
      {page === "recommender" && <RecommenderPage federation={name} />}
    </Suspense>
  );
}
