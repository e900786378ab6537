import { lazy, Suspense } from "react";
import { Shell } from "./shell/shell.tsx";
import { Waiting } from "./shell/waiting.tsx";

const FederationEntry = lazy(() => import("./federation/federation-entry.tsx"));
const PalettesPage = lazy(() => import("./palettes/palettes-page.tsx"));
const JoinPage = lazy(() => import("./join/join-page.tsx"));
const RecommenderPage = lazy(() => import("./recommender/recommender-page.tsx"));

/**
 * The pages: `/join/FEDERATION` for a party, `/recommender/FEDERATION` for who rates, `/palettes` for value targets, everything
 * else for whoever watches.
 */
export function App() {
  return (
    <Suspense
      fallback={
        <Shell>
          <Waiting what="Loading the page" />
        </Shell>
      }
    >
      {page()}
    </Suspense>
  );
}

function page() {
  const [, kind, federation] = /^\/(join|recommender)\/([^/]+)\/?$/.exec(location.pathname) ?? [];
  const name = decodeURIComponent(federation ?? "");
  if (kind === "join") return <JoinPage federation={name} />;
  if (kind === "recommender") return <RecommenderPage federation={name} />;
  return /^\/palettes\/?$/.test(location.pathname) ? <PalettesPage /> : <FederationEntry />;
}
