import { Button } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { PersonAddIcon } from "../shell/icons.tsx";

const InviteDialog = lazy(() => import("./invite-dialog.tsx"));

export interface InviteButtonProps {
  readonly apiKey: string;
  readonly federation: string;
}

/** Opens the dialog with a fresh invite; the dialog's code is loaded then. */
export function InviteButton({ apiKey, federation }: InviteButtonProps) {
  const [opened, setOpened] = useState(false);
  const [wanted, setWanted] = useState(false);
  const open = () => {
    setWanted(true);
    setOpened(true);
  };
  return (
    <>
      <Button leftSection={<PersonAddIcon />} onClick={open} aria-haspopup="dialog">
        Invite a party
      </Button>
      {wanted && (
        <Suspense fallback={null}>
          <InviteDialog opened={opened} apiKey={apiKey} federation={federation} onClose={() => setOpened(false)} />
        </Suspense>
      )}
    </>
  );
}
