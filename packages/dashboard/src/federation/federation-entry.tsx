import { openSession, session } from "../session/session.ts";
import { Shell } from "../shell/shell.tsx";
import { Waiting } from "../shell/waiting.tsx";
import { useStore } from "../state/use-store.ts";
import { SignIn } from "./sign-in.tsx";
import { Watch } from "./watch.tsx";

// Once for the page, not for each mount: the token in the address works once. The address that `concord start` prints may
// also be pasted into a tab that shows the page already, which changes its fragment only.
void openSession();
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#c1_")) void openSession();
});

/** The watcher's page: first a key, then the federation. */
export default function FederationEntry() {
  const current = useStore(session, (state) => state);
  switch (current.kind) {
    case "opening":
      return (
        <Shell>
          <Waiting what="Opening" />
        </Shell>
      );
    case "none":
      return (
        <Shell>
          <SignIn problem={current.problem} />
        </Shell>
      );
    case "open":
      return <Watch key={current.key} apiKey={current.key} role={current.role} />;
  }
}
