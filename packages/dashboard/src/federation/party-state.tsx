import type { PartyView } from "@concord/protocol";

/** Whether a party is there: a dot and a word. */
export function PartyState({ party: { status, online } }: { readonly party: PartyView }) {
  const state = status === "active" && !online ? "offline" : status;
  return (
    <span className="party-state">
      <span className="dot" data-state={state} aria-hidden="true" />
      {state === "active" ? "online" : state}
    </span>
  );
}
