import type { SavedParty } from "./messages.ts";

/**
 * Tells the coordinator that this tab is going away, so that the others need not wait for it until a deadline. It counts
 * as paused, and as active again when it comes back: a reload looks the same to a page that ends.
 *
 * The request outlives the page (`keepalive`); whether it arrives is not known, and deadlines are there if it does not.
 */
export function sayGone({ identity }: SavedParty, send: typeof fetch = fetch): void {
  const { origin, key } = JSON.parse(identity) as { readonly origin: string; readonly key: string };
  send(`${origin}/v1/party/status`, {
    method: "POST",
    keepalive: true,
    redirect: "error",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ status: "paused" }),
  }).catch(() => {});
}
