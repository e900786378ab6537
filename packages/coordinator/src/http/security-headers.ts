import { API } from "@concord/protocol";
import type { App } from "./app.ts";

/**
 * Headers that every answer carries. Scripts come from this server only; WebAssembly may be compiled (jax-js needs it),
 * no other code is made from text. Styles may be inline: the page's component library sets them so.
 */
export function securityHeaders(app: App): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "content-security-policy": request.url.startsWith(`${API}/`) ? DATA_POLICY : pagePolicy(request.headers.host),
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      // Answers hold keys and data of a federation; files of the page say otherwise for themselves.
      "cache-control": "no-store",
    });
  });
}

/** For answers that are no pages: should one be shown as one, it may do nothing. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

function pagePolicy(host: string | undefined): string {
  // The host is checked after this; a name with anything odd in it does not get into the policy.
  const sockets = host !== undefined && /^[a-z0-9.:[\]-]+$/i.test(host) ? ` ws://${host} wss://${host}` : "";
  return [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    `connect-src 'self'${sockets}`,
    "worker-src 'self' blob:",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
