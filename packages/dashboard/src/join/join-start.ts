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
  const same = saved !== undefined && termsOf(saved)?.federation === federation ? saved : undefined;
  const fragment = hash.replace(/^#/, "");
  if (fragment === "") return same === undefined ? { kind: "nothing" } : { kind: "resume", saved: same };
  if (!/^ci_[A-Za-z0-9_-]{32}$/.test(fragment)) return { kind: "damaged" };
  // Reloaded before the answer came: this invite may have been used already, by this tab.
  if (same?.kind === "joining" && termsOf(same)?.invite === fragment) return { kind: "resume", saved: same };
  return { kind: "invited", token: fragment, saved: same };
}

function termsOf({ identity }: SavedParty): { readonly federation?: unknown; readonly invite?: unknown } | undefined {
  try {
    const known: unknown = JSON.parse(identity);
    return typeof known === "object" && known !== null ? known : undefined;
  } catch {
    return undefined;
  }
}
