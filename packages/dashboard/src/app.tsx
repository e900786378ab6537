import { lazy, Suspense } from "react";
import { Shell } from "./shell/shell.tsx";
import { Waiting } from "./shell/waiting.tsx";

const FederationEntry = lazy(() => import("./federation/federation-entry.tsx"));
const JoinPage = lazy(() => import("./join/join-page.tsx"));

/** The two pages: `/join/FEDERATION` for a party, everything else for whoever watches. */
export function App() {
  const joining = /^\/join\/([^/]+)\/?$/.exec(location.pathname)?.[1];
  return (
    <Suspense
      fallback={
        <Shell>
          <Waiting what="Loading the page" />
        </Shell>
      }
    >
      {joining === undefined ? <FederationEntry /> : <JoinPage federation={decodeURIComponent(joining)} />}
    </Suspense>
  );
}
