import "./join-page.css";
import { useEffect, useState } from "react";
import { Shell } from "../shell/shell.tsx";
import { InviteProblem } from "./invite-problem.tsx";
import { Invited } from "./invited.tsx";
import type { JoinStart } from "./join-start.ts";
import { joinStart } from "./join-start.ts";
import { MemberPage } from "./member-page.tsx";
import type { TabParty } from "./tab-party.ts";
import { forgetSavedParty, openTabParty, savedParty } from "./tab-party.ts";

/** The page of a party: what an invite means, and then this tab at work. */
export default function JoinPage({ federation }: { readonly federation: string }) {
  const [start, setStart] = useState<JoinStart>(() => joinStart(federation, location.hash, savedParty()));
  const [party, setParty] = useState<TabParty | null>(null);

  useEffect(() => {
    const onHash = () => setStart(joinStart(federation, location.hash, savedParty()));
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, [federation]);

  useEffect(() => {
    if (start.kind !== "resume") return;
    const opened = openTabParty({ saved: start.saved });
    setParty(opened);
    return () => opened.close();
  }, [start]);

  const joined = (opened: TabParty) => {
    // The invite is used up; without it in the address a reload goes on instead of joining again.
    history.replaceState(history.state, "", location.pathname);
    setParty(opened);
  };
  const startAnew = () => {
    forgetSavedParty();
    setParty(null);
    setStart(joinStart(federation, location.hash, undefined));
  };

  if (party !== null) {
    return (
      <Shell>
        <MemberPage party={party} onStartAnew={startAnew} />
      </Shell>
    );
  }
  switch (start.kind) {
    case "resume":
      return <Shell>{null}</Shell>;
    case "invited":
      return (
        <Shell>
          <Invited
            key={start.token}
            federation={federation}
            token={start.token}
            onJoined={joined}
            onGoOn={
              start.saved === undefined
                ? undefined
                : ((saved) => () => {
                    history.replaceState(history.state, "", location.pathname);
                    setStart({ kind: "resume", saved });
                  })(start.saved)
            }
          />
        </Shell>
      );
    case "damaged":
      return (
        <Shell>
          <InviteProblem kind="damaged" />
        </Shell>
      );
    case "nothing":
      return (
        <Shell>
          <InviteProblem kind="missing" />
        </Shell>
      );
  }
}
