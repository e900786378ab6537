import { Button } from "@mantine/core";
import { useState } from "react";
import { LeaveIcon, PauseIcon, PlayIcon } from "../shell/icons.tsx";
import type { TabParty } from "./tab-party.ts";

export interface MemberControlsProps {
  readonly party: TabParty;
  readonly paused: boolean;
  readonly ready: boolean;
}

/** Pause, resume, and leave after a second press: leaving cannot be taken back. */
export function MemberControls({ party, paused, ready }: MemberControlsProps) {
  const [wantsPause, setWantsPause] = useState(paused);
  const [asked, setAsked] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const toggle = () => {
    if (wantsPause) party.resume();
    else party.pause();
    setWantsPause(!wantsPause);
  };
  const leave = () => {
    if (!asked) return setAsked(true);
    setLeaving(true);
    party.leave();
  };
  return (
    <div className="member-controls">
      <Button
        variant="default"
        leftSection={wantsPause ? <PlayIcon /> : <PauseIcon />}
        disabled={!ready || leaving}
        onClick={toggle}
      >
        {wantsPause ? "Resume" : "Pause"}
      </Button>
      <Button
        variant={asked ? "filled" : "default"}
        color="red"
        leftSection={<LeaveIcon />}
        disabled={!ready}
        loading={leaving}
        onClick={leave}
        onBlur={() => setAsked(false)}
      >
        {asked ? "Leave for good?" : "Leave"}
      </Button>
    </div>
  );
}
