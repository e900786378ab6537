import type { FederationView } from "@concord/protocol";

/** The federation to show: the one that the address names, otherwise the newest that runs, otherwise the newest. */
export function chosenFederation(
  federations: readonly Pick<FederationView, "id" | "status" | "createdAt">[],
  search: string,
): string | null {
  const named = new URLSearchParams(search).get("federation");
  if (named !== null && federations.some(({ id }) => id === named)) return named;
  const newestFirst = [...federations].sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  const alive = newestFirst.find(({ status }) => status === "running" || status === "waiting");
  return (alive ?? newestFirst[0])?.id ?? null;
}

/** Puts the choice into the address, so that a reload and a bookmark show the same. */
export function rememberFederation(id: string): void {
  const url = new URL(location.href);
  url.searchParams.set("federation", id);
  history.replaceState(history.state, "", url);
}
