import type { FederationView } from "@concord/protocol";

const WORDS = {
  waiting: "Waiting for parties",
  running: "Training",
  finished: "Finished",
  stopped: "Stopped",
} as const;

const STATE = { waiting: "paused", running: "training", finished: "active", stopped: "absent" } as const;

/** The state of the federation: a dot and a word. */
export function StatusBadge({ status }: { readonly status: FederationView["status"] }) {
  return (
    <span className="status-badge">
      <span className="dot" data-state={STATE[status]} aria-hidden="true" />
      {WORDS[status]}
    </span>
  );
}
