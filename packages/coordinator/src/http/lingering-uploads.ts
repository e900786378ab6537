import type { App } from "./app.ts";

/** How long a client that goes on sending after its answer may read that answer. */
const GRACE_MS = 1_000;

/**
 * Cuts off a request whose body goes on after it was answered. Without this, Node would read the rest of a refused body
 * of 10 GB to its end, only to throw it away; closing at once would tear the answer from the client's hands.
 */
export function lingeringUploads(app: App): void {
  app.addHook("onResponse", async ({ raw }) => {
    if (raw.complete || raw.destroyed) return;
    setTimeout(() => {
      if (!raw.complete) raw.socket?.destroy();
    }, GRACE_MS).unref();
  });
}
