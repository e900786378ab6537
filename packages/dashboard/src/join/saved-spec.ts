import type { FederationView } from "@concord/protocol";
import { savedParty } from "./tab-party.ts";

let known: FederationView["spec"] | null = null;

/** The terms that this tab agreed to, from what it keeps for a reload; kept in memory once the tab forgets who it was. */
export function savedSpec(): FederationView["spec"] | null {
  const saved = savedParty();
  if (saved === undefined) return known;
  const { spec } = JSON.parse(saved.identity) as { readonly spec: FederationView["spec"] };
  known = spec;
  return spec;
}
