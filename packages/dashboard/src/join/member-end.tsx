import { Button } from "@mantine/core";
import { plural } from "../format/numbers.ts";
import type { Status } from "./tab-party.ts";

export interface MemberEndProps {
  readonly status: Status;
  /** Counted in all. */
  readonly updates: number;
  /** Another tab is this party. */
  readonly taken: boolean;
  readonly onStartAnew: () => void;
}

/** What is left to say and do once the party has ended. */
export function MemberEnd({ status, updates, taken, onStartAnew }: MemberEndProps) {
  if (taken) {
    return (
      <section className="card join-again">
        <p>This tab is a copy of another one. To take part here as well, open an invite of its own.</p>
        <Button variant="default" onClick={onStartAnew}>
          Use another invite
        </Button>
      </section>
    );
  }
  if (status.kind === "failed") {
    return (
      <section className="card join-again">
        <p>A reload may help. If it does not, begin anew with a fresh invite.</p>
        <Button variant="default" onClick={() => location.reload()}>
          Reload
        </Button>
        <Button variant="subtle" onClick={onStartAnew}>
          Forget this party
        </Button>
      </section>
    );
  }
  if (status.kind === "stopped") return null;
  return (
    <section className="card join-again">
      <p>
        {plural(updates, "update")} of this tab went into the model. Nothing of it runs any more; the tab can be closed.
      </p>
    </section>
  );
}
