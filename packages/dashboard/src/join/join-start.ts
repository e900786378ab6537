import type { SavedParty } from "./tab-party.ts";

/** How the page begins. */
export type JoinStart =
  | { readonly kind: "resume"; readonly saved: SavedParty }
  /** `saved`: this tab is a party of the same federation already, but was opened with a new invite. */
  | { readonly kind: "invited"; readonly token: string; readonly saved: SavedParty | undefined }
  | { readonly kind: "damaged" }
  | { readonly kind: "nothing" };

/** Decides by the fragment of the address and by what the tab remembers. */
export function joinStart(federation: string, hash: string, saved: SavedParty | undefined): JoinStart {
  const same = saved !== undefined && federationOf(saved) === federation ? saved : undefined;
  const fragment = hash.replace(/^#/, "");
  if (fragment === "") return same === undefined ? { kind: "nothing" } : { kind: "resume", saved: same };
  if (!/^ci_[A-Za-z0-9_-]{32}$/.test(fragment)) return { kind: "damaged" };
  return { kind: "invited", token: fragment, saved: same };
}

function federationOf({ identity }: SavedParty): unknown {
  try {
    const known: unknown = JSON.parse(identity);
    return typeof known === "object" && known !== null && "federation" in known ? known.federation : undefined;
  } catch {
    return undefined;
  }
}
