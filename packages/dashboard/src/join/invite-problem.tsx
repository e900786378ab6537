import { Button } from "@mantine/core";
import { Notice } from "../shell/notice.tsx";
import { useTitle } from "../shell/use-title.ts";

export type InviteProblemKind = "missing" | "damaged" | "unknown" | "used" | "expired" | "over" | "unreachable";

const WORDS: Readonly<Record<InviteProblemKind, readonly [title: string, text: string]>> = {
  missing: [
    "This address is not an invite",
    "An invite link ends in a long token after a # sign. Ask whoever invited you for the whole link, and open it as it is.",
  ],
  damaged: [
    "The invite link is damaged",
    "A part of it was lost on its way, often at a line break of a message. Copy the whole link, up to its last letter, and open it again.",
  ],
  unknown: [
    "The coordinator does not know this invite",
    "The link may be damaged, or belong to a federation that is gone. Ask for a new one.",
  ],
  used: [
    "This invite has been used",
    "An invite serves once unless its sender said otherwise. If you have joined with it in another tab, go on there; otherwise ask for a new one.",
  ],
  expired: ["This invite has expired", "Invites last for a limited time. Ask whoever sent it for a new one."],
  over: ["This federation has ended", "Its training is over, so nobody can join any more. Thank you for coming."],
  unreachable: [
    "The coordinator does not answer",
    "It may have stopped, or this device is offline. The invite is still good: try again in a moment.",
  ],
};

export interface InviteProblemProps {
  readonly kind: InviteProblemKind;
  readonly onRetry?: () => void;
}

/** Why an invite does not lead in, and what to do about it. */
export function InviteProblem({ kind, onRetry }: InviteProblemProps) {
  const [title, text] = WORDS[kind];
  useTitle(title);
  return (
    <Notice title={title}>
      <p>{text}</p>
      <p className="dim small">Nothing was sent from this tab.</p>
      {onRetry !== undefined && (
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Notice>
  );
}
