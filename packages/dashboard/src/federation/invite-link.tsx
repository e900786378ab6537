import type { InviteResponse } from "@concord/protocol";
import { Button, TextInput } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { formatMoment } from "../format/time.ts";
import { CheckIcon, CopyIcon, NewTabIcon } from "../shell/icons.tsx";

export interface InviteLinkProps {
  /** Null while it is being made. */
  readonly invite: InviteResponse | null;
  readonly failed: boolean;
  readonly onAnother: () => void;
}

/** The link of an invite, and what can be done with it. */
export function InviteLink({ invite, failed, onAnother }: InviteLinkProps) {
  const { copied, copy, error } = useClipboard({ timeout: 2_500 });
  const url = invite?.url ?? "";
  return (
    <>
      <TextInput
        label="Invite link"
        readOnly
        data-autofocus
        value={url}
        placeholder={failed ? "" : "one moment …"}
        onFocus={(event) => event.currentTarget.select()}
        classNames={{ input: "invite-url" }}
      />
      <p className="dim small invite-terms">
        {invite === null
          ? " "
          : `For one party; expires ${formatMoment(invite.expiresAt)}. Whoever has it may use it, so send it privately.`}
      </p>
      <div className="invite-actions">
        <Button leftSection={copied ? <CheckIcon /> : <CopyIcon />} disabled={url === ""} onClick={() => copy(url)}>
          {copied ? "Copied" : error ? "Select and copy it by hand" : "Copy link"}
        </Button>
        {/* noopener: a tab that inherits this one's session storage would also inherit its key. */}
        <Button
          component="a"
          variant="default"
          leftSection={<NewTabIcon />}
          href={url === "" ? undefined : url}
          target="_blank"
          rel="noopener noreferrer"
          aria-disabled={url === ""}
        >
          Open in a new tab
        </Button>
        <Button variant="subtle" onClick={onAnother}>
          Another link
        </Button>
      </div>
      <span className="visually-hidden" role="status">
        {copied ? "The link is copied" : ""}
      </span>
    </>
  );
}
