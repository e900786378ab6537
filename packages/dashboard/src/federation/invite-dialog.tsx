import type { InviteResponse } from "@concord/protocol";
import { Modal } from "@mantine/core";
import { useCallback, useEffect, useState } from "react";
import { createInvite } from "../api/federations.ts";
import { Problem } from "../shell/problem.tsx";
import { InviteLink } from "./invite-link.tsx";

export interface InviteDialogProps {
  readonly opened: boolean;
  readonly apiKey: string;
  readonly federation: string;
  readonly onClose: () => void;
}

/** An invite for one party. Each time it opens it makes a new one: a link that is shown twice is used twice. */
export default function InviteDialog({ opened, apiKey, federation, onClose }: InviteDialogProps) {
  const [invite, setInvite] = useState<InviteResponse | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const make = useCallback(async () => {
    setInvite(null);
    setProblem(null);
    try {
      setInvite(await createInvite(apiKey, federation, {}));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }, [apiKey, federation]);

  useEffect(() => {
    if (opened) void make();
  }, [opened, make]);

  // The dialog gives the focus back to what had it when it opened, and notices only if it was there, closed, before.
  const [shown, setShown] = useState(false);
  useEffect(() => setShown(opened), [opened]);

  return (
    <Modal
      opened={shown}
      onClose={onClose}
      title="Invite a party"
      centered
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div className="invite">
        <p>
          Whoever opens this link can train along, in a browser tab or with <code>concord join</code>. Their data stays
          with them; their tab says what it would send before it joins.
        </p>
        {problem !== null && <Problem>No invite was made: {problem}.</Problem>}
        <InviteLink invite={invite} failed={problem !== null} onAnother={make} />
      </div>
    </Modal>
  );
}
