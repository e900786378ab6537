import { lazy, Suspense } from "react";
import { Shell } from "./shell/shell.tsx";
import { Waiting } from "./shell/waiting.tsx";

const FederationEntry = lazy(() => import("./federation/federation-entry.tsx"));
const PalettesPage = lazy(() => import("./palettes/palettes-page.tsx"));
const JoinPage = lazy(() => import("./join/join-page.tsx"));

/** The pages: `/join/FEDERATION` for a party, `/palettes` for value targets, everything else for whoever watches. */
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
  const joining = /^\/join\/([^/]+)\/?$/.exec(location.pathname)?.[1];
  if (joining !== undefined) return <JoinPage federation={decodeURIComponent(joining)} />;
  return /^\/palettes\/?$/.test(location.pathname) ? <PalettesPage /> : <FederationEntry />;
}
